import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { callTool } from '../../sandbox/call-tool.ts';
import { sandboxLabels } from '../../sandbox/docker/sandbox-labels.ts';
import {
  type Ended,
  livingProcesses,
  newPlace,
  type Place,
  readSandboxFile,
  recordedPids,
  runProgram,
  startProgram,
} from '../e2e/sandbox-process.ts';
import { TINY_SERVER } from '../e2e/tiny-server.ts';
import { eventually } from '../sandbox-kubernetes/eventually.ts';
import { gatewayRequest } from '../sandbox-kubernetes/gateway-request.ts';
import { ensureNodeImage, TEST_NODE_IMAGE } from './base-images.ts';
import { describeWithEngine, engine } from './engine-under-test.ts';

const WAIT_MS_MAX = 300_000;

/** A base image that only an engine has, and a wrapper that the author of the Dockerfile put in. */
const OWN_DOCKERFILE = `FROM ghcr.io/4eyedengineer/mcp-wrapper:0.1.0 AS wrapper
FROM ${TEST_NODE_IMAGE}
COPY --from=wrapper /opt/mcp-wrapper /opt/mcp-wrapper
WORKDIR /app
COPY server.mjs .
RUN ["/usr/bin/mkdir", "/only-in-an-image"]
ENV HOME=/tmp MCP_WRAPPER_COMMAND='["node", "server.mjs"]'
USER 10001:10001
ENTRYPOINT ["node", "/opt/mcp-wrapper/bin/mcp-wrapper.js"]
`;

describeWithEngine('npm start --engine docker', 'node:24-bookworm-slim', () => {
  test(
    '--once --json hosts examples/hello by the template for Node, and leaves nothing running',
    () =>
      inNewPlace(async (place) => {
        const args = ['--once', '--json', '--engine', 'docker', ...place.args];
        const { code, stdout, stderr } = await runProgram('sandbox', args);

        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('✔ Docker Engine') });
        expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
          checkConclusion: 'success',
          row: { status: 'running' },
          tools: ['greet', 'add'],
          toolResult: { content: [{ type: 'text', text: 'Hello, world!' }] },
        });
      }),
    WAIT_MS_MAX,
  );

  test(
    'hosts a Dockerfile of its own, and takes up its containers again after it was killed',
    () =>
      inNewPlace(async (place) => {
        await ensureNodeImage(engine.client, TEST_NODE_IMAGE);
        const first = startProgram('sandbox', [...place.args, '--platform-only', '--engine', 'docker']);
        await first.shows('The platform is up');
        const hosted = await cli(place, ['host', await ownServer(place), '--json']);
        expect({ code: hosted.code, stderr: hosted.stderr }).toMatchObject({ code: 0 });
        const { serverId, ...outcome } = JSON.parse(hosted.stdout);
        expect(outcome).toMatchObject({ state: 'running' });
        expect(await cli(place, ['logs', serverId])).toMatchObject({ code: 0, stdout: expect.stringMatching(/\S/) });

        first.kill('SIGKILL');
        await first.ended;
        const left = await containersOf(place);
        expect(left).not.toEqual([]);
        const refused = await runProgram('sandbox', ['--once', '--engine', 'none', ...place.args]);
        expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--engine docker') });
        expect(await containersOf(place)).toEqual([]);

        const second = startProgram('sandbox', [...place.args, '--platform-only']);
        await second.shows('The platform is up');
        const pids = recordedPids(place);
        const call = { ...JSON.parse(hosted.stdout), tool: 'echo', arguments: { text: 'still here' } };
        const cluster = { sandbox: { gatewayUrl: readSandboxFile(place).gatewayUrl } };
        const host = new URL(outcome.endpointUrl).hostname;
        await eventually(async () => (await gatewayRequest(cluster, host, '/health')).status === 200);
        const { result } = await callTool(call);
        expect(result).toMatchObject({ content: [{ type: 'text', text: 'still here' }] });
        second.kill('SIGINT');
        expect((await second.ended).code).toBe(0);
        expect(livingProcesses(place, pids)).toEqual([]);
      }),
    WAIT_MS_MAX,
  );

  /** Runs the work in a place of its own, and sees to it that nothing of it is left. */
  async function inNewPlace(work: (place: Place) => Promise<void>): Promise<void> {
    const place = await newPlace();
    try {
      await work(place);
      expect(livingProcesses(place)).toEqual([]);
      expect(await containersOf(place)).toEqual([]);
    } finally {
      for (const pid of livingProcesses(place)) process.kill(pid, 'SIGKILL');
      await place.remove();
    }
  }

  async function containersOf(place: Place): Promise<unknown[]> {
    const label = Object.entries(sandboxLabels(place.dataDir)).map(([name, value]) => `${name}=${value}`);
    const query = { all: '1', filters: JSON.stringify({ label }) };
    return (await engine.client.request('GET', '/containers/json', { query })).body as unknown[];
  }
});

async function ownServer(place: Place): Promise<string> {
  const folder = join(dirname(place.dataDir), 'own');
  await mkdir(folder);
  await writeFile(join(folder, '.mcp-hosting.yml'), 'runtime: docker\n');
  await writeFile(join(folder, 'Dockerfile'), OWN_DOCKERFILE);
  await writeFile(join(folder, 'server.mjs'), TINY_SERVER);
  return folder;
}

function cli(place: Place, args: readonly string[]): Promise<Ended> {
  return runProgram('cli', [...args, '--data-dir', place.dataDir]);
}
