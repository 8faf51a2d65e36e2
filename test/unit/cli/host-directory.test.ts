import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { GitHubPerson } from '../../../src/cli/github-person.ts';
import { hostedLines } from '../../../src/cli/host-command.ts';
import { type HostDirectoryOptions, hostDirectory } from '../../../src/cli/host-directory.ts';
import type { ApiServer, HostingApi } from '../../../src/cli/hosting-api.ts';
import type { RolloutProgress } from '../../../src/cli/rollout-progress.ts';
import { createStageLines } from '../../../src/cli/stage-lines.ts';
import { renderRefusal } from '../../../src/domain/reports/replies.ts';
import { fullName } from '../../../src/domain/repository.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { progressThrough, pullRequest, WHOLE_WAY } from './progress-fixtures.ts';
import { testDirectory } from './test-directory.ts';

let root: ReturnType<typeof testDirectory>;

beforeEach(() => {
  root = testDirectory({ 'source/package.json': '{"name":"@acme/hello"}', 'source/.env': 'KEY=secret' });
  mkdirSync(join(root.path, 'remote', 'acme'), { recursive: true });
});

afterEach(() => root.remove());

test('host: pushes, comments, follows, merges, and ends with where it is', async () => {
  const { hosted, stdout, told } = await host({
    reads: [undefined, progressThrough(WHOLE_WAY.slice(0, 4)), progressThrough(WHOLE_WAY)],
  });

  expect(hosted).toMatchObject({
    state: 'running',
    repository: { owner: 'acme', name: 'hello' },
    serverId: 'hello-q7m2d4',
    endpointUrl: 'http://hello-q7m2d4.localhost:4003/mcp',
    key: 'mcp_key',
    tools: [{ name: 'greet' }, { name: 'add' }],
    pullRequestUrl: pullRequest().url,
  });
  expect(told).toEqual(['create acme/hello', 'issue Host this server', 'comment /host', `merge ${pullRequest().url}`]);
  expect(stdout).toMatch(/ ✔ pushed +[\d.]+ s +acme\/hello [0-9a-f]{7}, a new repository\n/);
  expect(stdout).toContain('look like credentials: .env.');
  expect(stdout).toContain('/host on acme/hello#1');
  expect(stdout).toContain(' ✔ verified ');
});

test('host: what was pushed has the workflow and no credentials', async () => {
  await host({ reads: [progressThrough(WHOLE_WAY)] });

  const remote = join(root.path, 'remote', 'acme', 'hello.git');
  const files = execFileSync('git', ['-C', remote, 'ls-tree', '-r', '--name-only', 'main'], { encoding: 'utf8' });
  const workflow = execFileSync('git', ['-C', remote, 'show', 'main:.github/workflows/mcp-hosting.yml'], {
    encoding: 'utf8',
  });
  expect(files.trim().split('\n')).toEqual(['.github/workflows/mcp-hosting.yml', 'package.json']);
  expect(workflow).toContain('acme/mcp-server-deployments/.github/workflows/build.yml@trunk\n');
  expect(workflow).not.toContain('__');
});

test('host: with --no-merge it ends saying who must merge what', async () => {
  const { hosted, told } = await host({ reads: [progressThrough(WHOLE_WAY.slice(0, 4))], merge: false });

  expect(hosted).toMatchObject({ state: 'waiting', key: null, waitsFor: { url: pullRequest().url } });
  expect(told).not.toContain(`merge ${pullRequest().url}`);
  expect(hostedLines(hosted as Extract<typeof hosted, { serverId: string }>).join('\n')).toContain(
    'waits for someone who may merge acme/mcp-server-deployments#2',
  );
});

test('host: a rollout of before the comment is not taken for its own', async () => {
  const earlier = progressThrough(WHOLE_WAY, { triggeredAt: '2026-11-22T08:00:00.000Z' });

  const { hosted } = await host({ reads: [earlier, progressThrough(WHOLE_WAY, { id: 'own' })] });

  expect(hosted).toMatchObject({ rollout: { id: 'own' } });
});

test('host: changes of a hosted server are followed from their push, without a second rollout by a command', async () => {
  const { hosted, told, commitSha } = await host({
    hosted: 'running',
    reads: [
      progressThrough(WHOLE_WAY, { id: 'earlier' }),
      undefined,
      (sha) => progressThrough(WHOLE_WAY.slice(0, 2), { id: 'own', source: { commitSha: sha } }),
      (sha) => progressThrough(WHOLE_WAY, { id: 'own', source: { commitSha: sha } }),
    ],
  });

  expect(hosted).toMatchObject({ rollout: { id: 'own', source: { commitSha } } });
  expect(told).toEqual(['create acme/hello', 'issue Host this server']);
});

test('host: changes of a stopped server need the command', async () => {
  const { told } = await host({ hosted: 'stopped', reads: [progressThrough(WHOLE_WAY)] });

  expect(told).toContain('comment /host');
});

test('host: a push that nobody heard of is followed by one command', async () => {
  const unheard = Array.from({ length: 45 }, () => undefined);

  const { hosted, told } = await host({ hosted: 'running', reads: [...unheard, progressThrough(WHOLE_WAY)] });

  expect(hosted).toMatchObject({ state: 'running' });
  expect(told.filter((step) => step === 'comment /host')).toHaveLength(1);
});

test('host: an unchanged server is hosted by the command', async () => {
  await host({ reads: [progressThrough(WHOLE_WAY)] });
  const { told } = await host({ hosted: 'running', reads: [progressThrough(WHOLE_WAY)] });

  expect(told).toContain('comment /host');
});

test('host: a refusal of the bot is told in its words', async () => {
  const answers = [renderRefusal({ key: '1', login: 'sam', command: '/host' }).body];

  const { hosted } = await host({ reads: [], answers });

  expect(hosted).toMatchObject({
    code: 'host-refused',
    message: expect.stringContaining('@sam, hosting from this repository needs write access.'),
  });
});

test('host: a failed rollout names the stage, the cause and the cure', async () => {
  const failure = { code: 'build-failed', message: 'npm ci failed.', hint: 'Mend package.json.' };

  const { hosted } = await host({ reads: [progressThrough(['accepted', 'building', 'failed'], { failure })] });

  expect(hosted).toMatchObject({
    code: 'rollout-failed',
    message: 'Cannot deploy hello-q7m2d4: it failed while building: npm ci failed.',
    hint: 'Mend package.json.',
  });
});

test('host: a rollout that failed before its first stage is told without one', async () => {
  const failure = { code: 'config-invalid', message: 'line 1: it is wrong.', hint: 'Mend it.' };

  const { hosted } = await host({ reads: [progressThrough(['failed'], { failure })] });

  expect(hosted).toMatchObject({ message: 'Cannot deploy hello-q7m2d4: it failed: line 1: it is wrong.' });
});

test.each([
  [{ name: 'a/b' }, '"acme/a/b"'],
  [{ name: '..' }, '"acme/.."'],
  [{ name: 'x.git' }, '"acme/x.git"'],
  [{ owner: '-x' }, '"-x/hello"'],
])('host: the name %j is refused before anything is made', async (names, shown) => {
  const { hosted, told } = await host({ reads: [], ...names });

  expect(hosted).toMatchObject({ code: 'usage-invalid', message: expect.stringContaining(shown) });
  expect(told).toEqual([]);
});

test('host: a name is made of the directory where there is no package', async () => {
  const directory = join(root.path, 'Mein Sérver!');
  mkdirSync(directory);
  writeFileSync(join(directory, 'main.py'), 'print()');

  const { hosted } = await host({ reads: [progressThrough(WHOLE_WAY)], directory });

  expect(hosted).toMatchObject({ repository: { owner: 'acme', name: 'Mein-Server' } });
});

test('hosted lines: endpoint, key, tools and the JSON for Claude Desktop', async () => {
  const { hosted } = await host({ reads: [progressThrough(WHOLE_WAY)] });

  const lines = hostedLines(hosted as Extract<typeof hosted, { serverId: string }>);
  const start = lines.findIndex((line) => line.startsWith('Claude Desktop')) + 1;
  const config = JSON.parse(lines.slice(start, lines.indexOf('', start)).join('\n')) as object;

  expect(lines[1]).toBe('hello-q7m2d4 is running at http://hello-q7m2d4.localhost:4003/mcp   (key mcp_key)');
  expect(lines[2]).toBe('2 tools: greet, add');
  expect(config).toMatchObject({
    mcpServers: {
      hello: { env: { MCP_CONNECT_URL: 'http://hello-q7m2d4.localhost:4003/mcp', MCP_CONNECT_KEY: 'mcp_key' } },
    },
  });
});

/** What the API tells of the newest rollout; a function gets the commit that was pushed. */
type Read = RolloutProgress | undefined | ((commitSha: string) => RolloutProgress);

interface Scene extends Partial<Pick<HostDirectoryOptions, 'name' | 'owner' | 'merge' | 'directory'>> {
  reads: readonly Read[];
  /** Status of the server before; absent: the repository has none. */
  hosted?: string;
  answers?: string[];
}

async function host({ reads, answers = [], hosted: status, ...changes }: Scene) {
  const { terminal, stdout } = capturedTerminal();
  const told: string[] = [];
  const hosted = await hostDirectory(
    {
      directory: join(root.path, 'source'),
      private: false,
      merge: true,
      deploymentsRepository: { owner: 'acme', name: 'mcp-server-deployments' },
      githubToken: 'ghp_x',
      gitUrl: `file://${root.path}/remote`,
      api: fakeApi({ reads, told, status, owner: changes.owner ?? 'acme' }),
      github: fakeGitHub(told, answers),
      env: process.env,
      sleep: async () => {},
      ...changes,
    },
    createStageLines({ terminal }),
  ).catch((error: unknown) => error);
  return { hosted, stdout: stdout(), told, commitSha: pushedCommit() };
}

/** Head of the repository that most tests push to. */
function pushedCommit(): string {
  const remote = join(root.path, 'remote', 'acme', 'hello.git');
  if (!existsSync(remote)) return '';
  return execFileSync('git', ['-C', remote, 'rev-parse', 'main'], { encoding: 'utf8' }).trim();
}

function fakeGitHub(told: string[], answers: string[]): GitHubPerson {
  return {
    login: async () => ({ login: 'you', id: 1 }),
    defaultBranch: async () => 'trunk',
    ensureRepository: async (repository) => {
      told.push(`create ${fullName(repository)}`);
      const path = join(root.path, 'remote', `${fullName(repository)}.git`);
      execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', path]);
      return { created: true, cloneUrl: `file://${path}`, url: 'http://x', defaultBranch: 'main' };
    },
    ensureIssue: async (_, { title }) => {
      told.push(`issue ${title}`);
      return { number: 1, url: 'http://x/issues/1' };
    },
    comment: async (_repository, _issue, body) => {
      told.push(`comment ${body}`);
      return { id: 7, url: 'http://x/issues/1#7', createdAt: new Date('2026-11-22T10:00:00.000Z') };
    },
    answersSince: async () => answers,
    merge: async ({ url }) => void told.push(`merge ${url}`),
  };
}

async function unasked(): Promise<never> {
  throw new Error('Nobody asks for this');
}

interface FakeApi {
  reads: readonly Read[];
  told: readonly string[];
  status: string | undefined;
  owner: string;
}

function fakeApi({ reads, told, status, owner }: FakeApi): HostingApi {
  let index = 0;
  const server = { serverId: 'hello-q7m2d4', endpointUrl: 'http://hello-q7m2d4.localhost:4003/mcp', tools: null };
  const isHosted = () => status !== undefined || told.includes('comment /host');
  const serverOf = (name: string) => ({ ...server, status, source: { repository: `${owner}/${name}` } }) as ApiServer;
  return {
    listServers: async () => (isHosted() ? [serverOf('hello'), serverOf('Mein-Server')] : []),
    readServer: async () => serverOf('hello'),
    readStatus: async (serverId) => {
      const read = reads[Math.min(index++, reads.length - 1)];
      const rollout = typeof read === 'function' ? read(pushedCommit()) : (read ?? null);
      return { serverId, status: 'running', statusMessage: null, rollout };
    },
    setSecret: unasked,
    unsetSecret: unasked,
    listSecrets: unasked,
    revokeKey: unasked,
    listKeys: async () => [],
    createKey: async (_serverId, { name, expiresAt }) => ({
      id: '0123456789ab',
      name,
      key: 'mcp_key',
      endpointUrl: server.endpointUrl,
      createdAt: '2026-11-22T10:00:00.000Z',
      expiresAt,
      lastUsedAt: null,
    }),
    readLogs: async () => [],
    change: async () => ({ rolloutId: 'x' }),
  };
}
