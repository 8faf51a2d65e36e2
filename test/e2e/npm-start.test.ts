import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { Octokit } from '@octokit/rest';
import pg from 'pg';
import { parseSettings } from '../../sandbox/settings.ts';
import { tinyServer, WAIT_MS_MAX } from './platform.ts';
import {
  type Ended,
  livingProcesses,
  newPlace,
  type Place,
  readSandboxFile,
  recordedPids,
  runProgram,
  startProgram,
} from './sandbox-process.ts';

/** What one deployment costs, and the check of its own pull request beside it. */
const DEPLOYMENT_REQUESTS_MAX = 7;
const REVIEW_REQUESTS_MAX = 3;

/** Of a sandbox that is there until Ctrl-C. */
const UP = 'Next: npx mcp-hosting';

/** Runs the work in a place of its own, and sees to it that nothing of it is left. */
async function inNewPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const place = await newPlace();
  try {
    await work(place);
    expect(livingProcesses(place)).toEqual([]);
  } finally {
    for (const pid of livingProcesses(place)) process.kill(pid, 'SIGKILL');
    await place.remove();
  }
}

/** A start that is ended by Ctrl-C once it shows a text. @returns how it ended, with the pids that it had written down */
async function interruptAt(place: Place, text: string, args: string[] = []): Promise<Ended & { pids: number[] }> {
  const sandbox = startProgram('sandbox', [...place.args, ...args]);
  await sandbox.shows(text);
  const pids = recordedPids(place);
  sandbox.kill('SIGINT');
  return { ...(await sandbox.ended), pids };
}

describe('npm start', () => {
  test.concurrent(
    '--once --json hosts a server, calls its tool, says so in one line, and leaves nothing running',
    () =>
      inNewPlace(async (place) => {
        const { code, stdout, stderr } = await runProgram('sandbox', ['--once', '--json', ...place.args]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('called greet') });
        const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
        expect(summary).toEqual({
          serverId: expect.stringMatching(/^hello-[a-z0-9]+$/),
          endpointUrl: `http://${summary.serverId}.localhost:${place.port + 3}/mcp`,
          pullRequestUrl: expect.stringMatching(/\/acme\/mcp-server-deployments\/pull\/\d+$/),
          checkConclusion: 'success',
          row: expect.objectContaining({ server_id: summary.serverId, status: 'running', deleted_at: null }),
          tools: ['greet', 'add'],
          toolResult: { content: [{ type: 'text', text: 'Hello, world!' }] },
          stagesMs: {
            accepted: expect.any(Number),
            building: expect.any(Number),
            proposing: expect.any(Number),
            proposed: expect.any(Number),
            syncing: expect.any(Number),
            verifying: expect.any(Number),
          },
          githubRequests: { reads: expect.any(Number), writes: expect.any(Number) },
        });
        expect(summary.githubRequests.reads + summary.githubRequests.writes).toBeLessThanOrEqual(
          DEPLOYMENT_REQUESTS_MAX + REVIEW_REQUESTS_MAX,
        );
        expect(recordedPids(place)).toEqual([]);
        expect(await readdir(place.dataDir)).not.toContain('sandbox.json');
      }),
    2 * WAIT_MS_MAX,
  );

  test.concurrent(
    'is driven by mcp-hosting, and says how to reach it in a file',
    () =>
      inNewPlace(async (place) => {
        const sandbox = startProgram('sandbox', [...place.args, '--platform-only']);
        await sandbox.shows(UP);
        await expectSandboxFile(place);
        await expectClearRefusals(place);
        await driveByCommandLine(place);
        await expectSoundInstallation(place);
        sandbox.kill('SIGTERM');
        expect(await sandbox.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Stopped') });
        expect(await readdir(place.dataDir)).not.toContain('sandbox.json');
      }),
    3 * WAIT_MS_MAX,
  );

  test.concurrent(
    'outlives kill -9 with its state, and forgets it with --fresh',
    () =>
      inNewPlace(async (place) => {
        const first = startProgram('sandbox', place.args);
        await first.shows(UP);
        const hello = await helloServer(place);
        expect(hello).toMatchObject({ status: 'running', pullRequests: 1 });
        const orphans = recordedPids(place);
        first.kill('SIGKILL');
        await first.ended;
        expect(livingProcesses(place, orphans)).not.toEqual([]);
        const second = startProgram('sandbox', place.args);
        await second.shows(UP);
        expect(orphans.filter((pid) => livingProcesses(place, orphans).includes(pid))).toEqual([]);
        expect(await helloServer(place)).toEqual(hello);
        second.kill('SIGKILL');
        await second.ended;

        const leftovers = recordedPids(place);
        const third = startProgram('sandbox', [...place.args, '--fresh', '--platform-only']);
        await third.shows(UP);
        expect(leftovers.filter((pid) => livingProcesses(place, leftovers).includes(pid))).toEqual([]);
        expect(JSON.parse((await cli(place, ['list', '--json'])).stdout)).toEqual([]);
        third.kill('SIGINT');
        expect((await third.ended).code).toBe(0);
      }),
    3 * WAIT_MS_MAX,
  );

  test.concurrent(
    'ends by Ctrl-C while it starts',
    () =>
      inNewPlace(async (place) => {
        const { code, pids } = await interruptAt(place, '✔ PostgreSQL');
        expect({ code, living: livingProcesses(place, pids) }).toEqual({ code: 0, living: [] });
      }),
    WAIT_MS_MAX,
  );

  test.concurrent(
    'ends by Ctrl-C while it hosts',
    () =>
      inNewPlace(async (place) => {
        const { code, pids } = await interruptAt(place, '/host on acme/hello-server#1');
        expect({ code, living: livingProcesses(place, pids) }).toEqual({ code: 0, living: [] });
      }),
    WAIT_MS_MAX,
  );

  test.concurrent(
    'starts each part alone',
    async () => {
      await Promise.all([
        inNewPlace((place) => expectPart(place, 'github', githubAnswers)),
        inNewPlace((place) => expectPart(place, 'kubernetes', kubernetesAnswers)),
        inNewPlace((place) => expectPart(place, 'postgres', postgresAnswers)),
      ]);
    },
    WAIT_MS_MAX,
  );

  test.concurrent(
    'explains itself, and refuses what makes no sense',
    async () => {
      const [help, refused] = await Promise.all([
        runProgram('sandbox', ['--help']),
        runProgram('sandbox', ['--port', '80']),
      ]);
      expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--data-dir DIR') });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('--port is "80", expected a number from 1024 to 65531.');
      expect(refused.stderr).toContain('Usage: npm start -- [options]');
    },
    WAIT_MS_MAX,
  );

  test.each([
    [['--port', 'x'], '--port is "x"'],
    [['--port', '65532'], '--port is "65532"'],
    [['--port', ''], '--port is ""'],
    [['--data-dir'], "'--data-dir <value>' argument missing"],
    [['--only', 'redis'], '--only is "redis"'],
    [['--engine', 'podman'], '--engine is "podman"'],
    [['--only', 'github', '--once'], '--once needs every part'],
    [['--json'], '--json goes with --once'],
    [['--onec'], "Unknown option '--onec'"],
    [['now'], "Unexpected argument 'now'"],
  ])('refuses %j, naming it', (args, named) => {
    expect(parseSettings(args, '/')).toEqual({ kind: 'problem', message: expect.stringContaining(named) });
  });
});

async function expectSandboxFile(place: Place): Promise<void> {
  const { port } = place;
  const file = readSandboxFile(place);
  expect(file).toEqual({
    githubUrl: `http://127.0.0.1:${port + 1}`,
    githubGraphqlUrl: `http://127.0.0.1:${port + 1}/graphql`,
    gitUrl: `http://127.0.0.1:${port + 1}`,
    userToken: expect.any(String),
    appId: 1,
    apiUrl: `http://127.0.0.1:${port}`,
    apiToken: expect.stringMatching(/^mcph_/),
    gatewayUrl: `http://127.0.0.1:${port + 3}`,
    kubeconfig: expect.stringContaining(place.dataDir),
    keysFile: expect.stringContaining(place.dataDir),
    databaseUrl: expect.stringContaining(`127.0.0.1:${port + 4}/`),
    deploymentsRepository: 'acme/mcp-server-deployments',
    botEnvironment: expect.objectContaining({
      PORT: String(port),
      DEPLOYMENTS_REPOSITORY: 'acme/mcp-server-deployments',
    }),
  });
  expect((await stat(join(place.dataDir, 'sandbox.json'))).mode & 0o777).toBe(0o600);
  await Promise.all([
    githubAnswers(place),
    kubernetesAnswers(place),
    databaseAnswers(file.databaseUrl),
    new Octokit({ baseUrl: file.githubUrl, auth: file.userToken }).rest.users.getAuthenticated(),
  ]);
}

/** A second one on its port, on its folder, and on a folder that is not a sandbox's. */
async function expectClearRefusals(place: Place): Promise<void> {
  const other = await newPlace();
  const foreign = join(dirname(other.dataDir), 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'thesis.txt'), 'The only copy.\n');
  const start = (port: number, dataDir: string, ...more: string[]) =>
    runProgram('sandbox', ['--once', '--port', String(port), '--data-dir', dataDir, ...more]);
  const [onPort, onFolder, onForeign] = await Promise.all([
    start(place.port, other.dataDir),
    start(other.port, place.dataDir),
    start(other.port, foreign, '--fresh'),
  ]);
  expect(onPort).toMatchObject({ code: 1, stderr: expect.stringMatching(/port \d+ is in use[\s\S]*--port/) });
  expect(onFolder).toMatchObject({ code: 1, stderr: expect.stringMatching(/process \d+ runs one[\s\S]*--data-dir/) });
  expect(onForeign).toMatchObject({ code: 1, stderr: expect.stringMatching(/it holds other files[\s\S]*--data-dir/) });
  expect(await readdir(foreign)).toEqual(['thesis.txt']);
  expect(await readFile(join(foreign, 'thesis.txt'), 'utf8')).toBe('The only copy.\n');
  await other.remove();
}

/** What the doctor and bootstrap say of a sandbox whose bot has just hosted and deleted a server. */
async function expectSoundInstallation(place: Place): Promise<void> {
  const doctor = await cli(place, ['doctor', '--json']);
  const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; problems: object[] }[] };
  expect(checks.filter(({ status }) => status === 'broken')).toEqual([]);
  expect({ code: doctor.code, count: checks.length }).toEqual({ code: 0, count: 15 });

  const bootstrap = await cli(place, ['bootstrap', '--repository', 'acme/mcp-server-deployments']);
  expect(bootstrap).toMatchObject({ code: 0, stdout: 'Nothing to change: it is up to date.\n' });
}

function cli(place: Place, args: readonly string[]): Promise<Ended> {
  return runProgram('cli', [...args, '--data-dir', place.dataDir]);
}

/** The server of `examples/hello`, and how many pull requests the deployments repository has had. */
async function helloServer(place: Place) {
  const { githubUrl, userToken } = readSandboxFile(place);
  const { data: pulls } = await new Octokit({ baseUrl: githubUrl, auth: userToken }).rest.pulls.list({
    owner: 'acme',
    repo: 'mcp-server-deployments',
    state: 'all',
    per_page: 100,
  });
  const servers = JSON.parse((await cli(place, ['list', '--json'])).stdout) as Record<string, unknown>[];
  const hello = servers.find(({ serverName }) => serverName === 'hello');
  const { serverId, status, imageTag, endpointUrl } = hello ?? {};
  const own = pulls.filter(({ head }) => head.ref === `mcp-hosting/${String(serverId)}`);
  return { serverId, status, imageTag, endpointUrl, pullRequests: own.length };
}

/** Hosts a folder, looks at it in every way, stops, starts and deletes it. */
async function driveByCommandLine(place: Place): Promise<void> {
  const folder = join(dirname(place.dataDir), 'tiny');
  await mkdir(folder);
  for (const [path, text] of Object.entries(tinyServer())) await writeFile(join(folder, path), text);
  const hosted = await cli(place, ['host', folder, '--json']);
  expect({ code: hosted.code, stderr: hosted.stderr }).toMatchObject({ code: 0 });
  const { serverId, ...outcome } = JSON.parse(hosted.stdout);
  expect(outcome).toMatchObject({ state: 'running', repository: 'acme/tiny', key: expect.stringMatching(/^mcp_/) });

  const list = JSON.parse((await cli(place, ['list', '--json'])).stdout) as { serverId: string }[];
  expect(list.map((server) => server.serverId)).toContain(serverId);
  const status = await cli(place, ['status', serverId]);
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining(`${serverId} is running`) });
  expect(await cli(place, ['logs', serverId, '--lines', '5'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\S/),
  });

  for (const [command, word] of [
    [['stop', serverId], 'stopped'],
    [['start', serverId], 'running'],
    [['delete', serverId, '--yes'], 'deleted'],
  ] as const) {
    const { code, stdout, stderr } = await cli(place, command);
    expect({ code, stdout, stderr }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${serverId} is ${word}.`),
    });
  }
  const unknown = await Promise.all(
    [['status'], ['logs'], ['stop'], ['start'], ['keys', 'list'], ['secrets', 'list']].map((command) =>
      cli(place, [...command, 'hello-nobody', '--json']),
    ),
  );
  for (const { code, stderr } of unknown) {
    expect({ code, error: JSON.parse(stderr).error }).toMatchObject({ code: 3, error: { code: 'server-not-found' } });
  }
  expect(await cli(place, ['delete', 'hello-nobody', '--yes'])).toMatchObject({ code: 3 });
}

async function expectPart(
  place: Place,
  part: string,
  answers: (place: Place, shown: string) => Promise<unknown>,
): Promise<void> {
  const sandbox = startProgram('sandbox', ['--only', part, ...place.args]);
  await answers(place, await sandbox.shows('✔'));
  const pids = recordedPids(place);
  sandbox.kill('SIGINT');
  expect((await sandbox.ended).code).toBe(0);
  expect(livingProcesses(place, pids)).toEqual([]);
}

async function githubAnswers({ port }: Place): Promise<void> {
  const octokit = new Octokit({ baseUrl: `http://127.0.0.1:${port + 1}` });
  const { data } = await octokit.rest.repos.get({ owner: 'acme', repo: 'mcp-server-deployments' });
  expect(data.default_branch).toBe('main');
}

async function kubernetesAnswers({ dataDir }: Place): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(join(dataDir, 'kubernetes', 'kubeconfig'));
  const { items } = await config.makeApiClient(CoreV1Api).listNamespace();
  expect(items.map(({ metadata }) => metadata?.name)).toContain('argocd');
}

async function postgresAnswers({ port }: Place, shown: string): Promise<void> {
  const [databaseUrl = ''] = /postgres:\/\/\S+/.exec(shown) ?? [];
  expect(databaseUrl).toContain(`127.0.0.1:${port + 4}/`);
  await databaseAnswers(databaseUrl);
}

async function databaseAnswers(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await client.end();
  }
}
