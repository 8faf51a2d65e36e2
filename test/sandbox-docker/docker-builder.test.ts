import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { mirrorReference } from '../../sandbox/docker/mirror-reference.ts';
import { eventually } from '../sandbox-kubernetes/eventually.ts';
import { TEST_NODE_IMAGE } from './base-images.ts';
import { describeWithEngine, engine } from './engine-under-test.ts';
import { type PlatformBench, startPlatformBench } from './platform-fixture.ts';

describeWithEngine('A build by the engine', TEST_NODE_IMAGE, () => {
  let bench: PlatformBench;

  beforeAll(async () => {
    bench = await startPlatformBench();
  });

  afterAll(() => bench.close());

  const server = {
    Dockerfile: `FROM ${TEST_NODE_IMAGE} AS build\nWORKDIR /app\nCOPY . .\nRUN ls -A > /app/listing && echo "$WHO"
FROM ${TEST_NODE_IMAGE}\nARG WHO=nobody\nENV WHO=$WHO\nCOPY --from=build /app /app\nUSER 10001\nCMD ["node"]\n`,
    '.dockerignore': '.env\n',
    '.env': 'SECRET=1\n',
    'index.js': 'console.log(1)\n',
  };

  /** Begins a stage that no earlier run of the tests has left in the engine's cache, so that its commands say something. */
  function freshBase(): string {
    return `FROM ${TEST_NODE_IMAGE}\nENV RUN_OF=${bench.owner}\n`;
  }

  async function configOf(reference: string) {
    const { body } = await engine.client.request('GET', `/images/${reference}/json`);
    return (body as { Config: { User: string; Env: string[]; Labels: Record<string, string> } }).Config;
  }

  test('is pushed under all its tags, with the digest that the registry has', async () => {
    const images = [
      { name: `${bench.owner}/server`, tags: ['latest', '0a1b2c3'] },
      { name: `${bench.owner}/other`, tags: ['1'] },
    ];

    const built = await bench.build('server', server, { images, buildArgs: { WHO: 'you' }, labels: { from: 'here' } });

    for (const reference of ['server:latest', 'server:0a1b2c3', 'other:1'].map((name) => `${bench.owner}/${name}`)) {
      const { repository, version } = mirrorReference(reference, '') ?? {};
      const address = `http://${bench.platform.registryAddress}/v2/${repository}/manifests/${version}`;
      const accept = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
      const { statusCode, headers, body } = await request(address, { headers: { accept } });
      await body.dump();
      expect([statusCode, headers['docker-content-digest']]).toEqual([200, built.digest]);
    }
    expect(await configOf(`${bench.owner}/server:latest`)).toMatchObject({
      User: '10001',
      Env: expect.arrayContaining(['WHO=you']),
      Labels: { from: 'here', 'dev.mcp-hosting.sandbox-image': '' },
    });
    expect(bench.lines).toContain(`pushed ${bench.owner}/server@${built.digest} (latest, 0a1b2c3)`);
  });

  test('sees neither ignored files nor the Dockerfile that travels with them, and gives the same digest again', async () => {
    const files = { ...server, Dockerfile: `${freshBase()}COPY . /app/\nRUN echo "sees" $(ls -A /app)\n` };

    const first = await bench.build('ignored', files);
    const again = await bench.build('ignored', files);

    expect(bench.lines).toContain('sees Dockerfile index.js');
    expect(again.digest).toBe(first.digest);
  });

  test.each([
    [
      'a command that fails',
      `FROM ${TEST_NODE_IMAGE}\nRUN echo going; exit 3\n`,
      'build-step-failed',
      'returned a non-zero code: 3',
    ],
    ['an unknown instruction', 'FROM scratch\nFETCH x\n', 'dockerfile-invalid', 'unknown instruction: FETCH'],
    ['a base image that nobody has', 'FROM 127.0.0.1:1/no/such:1\nRUN true\n', 'build-refused', 'the engine says'],
  ])('of %s is refused, with the words of the engine', async (_what, Dockerfile, code, words) => {
    await expect(bench.build('refused', { Dockerfile })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  test('ends when it is cancelled', async () => {
    const controller = new AbortController();
    const onLine = (line: string) => line === 'slow' && controller.abort();
    const Dockerfile = `FROM ${TEST_NODE_IMAGE}\nRUN echo slow; sleep 617\n`;

    const building = bench.build('slow', { Dockerfile }, { signal: controller.signal, onLine });

    await expect(building).rejects.toMatchObject({ code: 'build-cancelled' });
    await eventually(async () => {
      const { body } = await engine.client.request('GET', '/containers/json');
      return !JSON.stringify(body).includes('sleep 617');
    });
  });

  test('has the wrapper of this checkout under the name that Dockerfiles know', async () => {
    const Dockerfile = `FROM ghcr.io/4eyedengineer/mcp-wrapper:0.1.0 AS wrapper
${freshBase()}COPY --from=wrapper /opt/mcp-wrapper /opt/mcp-wrapper
RUN echo "holds" $(ls /opt/mcp-wrapper /opt/mcp-wrapper/dist) && node /opt/mcp-wrapper/bin/mcp-wrapper.js --version\n`;

    await bench.build('wrapped', { Dockerfile });

    expect(bench.lines).toContain(
      'holds /opt/mcp-wrapper: LICENSE bin dist package.json /opt/mcp-wrapper/dist: main.cjs',
    );
    expect(bench.lines).toContain('0.1.0');
  });

  test('leaves no name of a port in the engine when the platform ends', async () => {
    const other = await startPlatformBench();
    const { digest } = await other.build('short', { Dockerfile: 'FROM scratch\nCOPY . /\n', a: '1' });
    const prefix = `${other.platform.registryAddress}/`;
    const pulled = await other.platform.runtime.pull(`${other.owner}/short@${digest}`, new AbortController().signal);

    await other.close();

    const { body } = await engine.client.request('GET', '/images/json');
    expect(pulled).toMatchObject({ kind: 'pulled', image: { imageId: `${other.owner}/short@${digest}` } });
    expect(JSON.stringify(body)).not.toContain(prefix);
    expect(await other.containers()).toEqual([]);
  });
});
