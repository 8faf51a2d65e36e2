import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ApiServer } from '../../../src/cli/hosting-api.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { readProjectFile } from '../docs/project-files.ts';
import { capturedTerminal } from './captured-terminal.ts';
import { type Answer, type FakeServer, startFakeServer } from './fake-platform.ts';
import { progressThrough, pullRequest, WHOLE_WAY } from './progress-fixtures.ts';
import { testDirectory } from './test-directory.ts';

const HELLO: ApiServer = {
  serverId: 'hello-q7m2d4',
  serverName: 'hello',
  status: 'running',
  statusMessage: null,
  endpointUrl: 'http://hello-q7m2d4.localhost:4003/mcp',
  deployed: { version: '4f2c1aa', access: 'private' },
  tools: [{ name: 'greet' }, { name: 'add' }],
  source: { repository: 'acme/hello-server' },
  createdAt: '2026-11-22T09:00:00.000Z',
  updatedAt: '2026-11-22T10:00:00.000Z',
};

const CHANGED = { serverId: 'hello-q7m2d4', changed: ['TOKEN'], unchanged: [], undeclared: [], restarted: true };

const KEYS = [
  {
    id: '7f3a9c21d0b4',
    name: 'CI \u001b[31mof acme',
    createdAt: '2026-11-22T10:00:00.000Z',
    expiresAt: '2026-11-22T12:01:02.000Z',
    lastUsedAt: '2026-11-22T10:01:00.000Z',
  },
  {
    id: '8b1c00000000',
    name: 'old',
    createdAt: '2026-11-22T09:00:00.000Z',
    expiresAt: '2026-11-22T10:00:00.000Z',
    lastUsedAt: null,
  },
];

const CREATED_KEY = { ...KEYS[0], name: 'CI', key: 'mcp_abc', endpointUrl: HELLO.endpointUrl };

let api: FakeServer;
let answers: Record<string, Answer | (() => Answer)>;
let empty: ReturnType<typeof testDirectory>;

beforeEach(async () => {
  empty = testDirectory();
  answers = {
    'GET /api/hosting/servers?limit=100&offset=0': { body: { servers: [HELLO] } },
    'GET /api/hosting/servers/hello-q7m2d4': { body: HELLO },
    'GET /api/hosting/servers/hello-q7m2d4/status': statusAnswer(WHOLE_WAY),
    'POST /api/hosting/servers/hello-q7m2d4/keys': { status: 201, body: CREATED_KEY },
    'GET /api/hosting/servers/hello-q7m2d4/keys': { body: { serverId: 'hello-q7m2d4', keys: KEYS } },
    'DELETE /api/hosting/servers/hello-q7m2d4/keys/7f3a9c21d0b4': { body: { revoked: true } },
    'PUT /api/hosting/servers/hello-q7m2d4/secrets': { body: CHANGED },
    'DELETE /api/hosting/servers/hello-q7m2d4/secrets/TOKEN': { body: { ...CHANGED, restarted: false } },
    'GET /api/hosting/servers/hello-q7m2d4/logs?lines=2': { body: { serverId: 'hello-q7m2d4', lines: ['one', 'two'] } },
    'POST /api/hosting/servers/hello-q7m2d4/stop': accepted(),
    'DELETE /api/hosting/servers/hello-q7m2d4': accepted(),
  };
  api = await startFakeServer((request) => {
    const answer = answers[request];
    return typeof answer === 'function' ? answer() : answer;
  });
});

afterEach(async () => {
  await api.close();
  empty.remove();
});

test('list: a table, and with --json the servers', async () => {
  const table = await run('list');
  const json = await run('list', '--json');

  expect(table).toMatchObject({ code: 0, stderr: '' });
  expect(table.stdout).toBe(
    [
      'ID            STATUS   VERSION  TOOLS  CHANGED   ENDPOINT',
      'hello-q7m2d4  running  4f2c1aa  2      62 s ago  http://hello-q7m2d4.localhost:4003/mcp',
      '',
    ].join('\n'),
  );
  expect(JSON.parse(json.stdout)).toEqual([HELLO]);
  expect(api.authorizations.every((header) => header === 'Bearer mcph_token')).toBe(true);
});

test('list, status: before the first deployment there is no version', async () => {
  const unbuilt = { ...HELLO, status: 'building', tools: null, imageTag: 'latest', deployed: null };
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { body: { servers: [unbuilt] } };
  answers['GET /api/hosting/servers/hello-q7m2d4'] = { body: unbuilt };

  expect((await run('list')).stdout).toMatch(/^hello-q7m2d4 {2}building {2}– {8}– /m);
  expect((await run('status', 'hello-q7m2d4')).stdout).toMatch(/^Version {5}–$/m);
});

test('list, status: a list of tools that was cut is not told as all of them', async () => {
  const tools = Array.from({ length: 200 }, (_, index) => ({ name: `t${index}` }));
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { body: { servers: [{ ...HELLO, tools }] } };
  answers['GET /api/hosting/servers/hello-q7m2d4'] = { body: { ...HELLO, tools } };
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(['accepted', 'building']);

  expect((await run('list')).stdout).toContain('  200 or more  ');
  expect((await run('status', 'hello-q7m2d4')).stdout).toContain('200 or more tools: t0, ');
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(WHOLE_WAY, {
    verification: { tools, toolCount: 312 },
  });
  expect((await run('status', 'hello-q7m2d4')).stdout).toContain('312 tools: t0, ');
});

test('list: all pages are read, and nothing hosted is said in words', async () => {
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { body: { servers: [HELLO], next: '/x' } };
  answers['GET /api/hosting/servers?limit=100&offset=100'] = {
    body: { servers: [{ ...HELLO, serverId: 'second-q7m2d4' }] },
  };
  const pages = await run('list');
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { body: { servers: [] } };
  const none = await run('list');

  expect(pages.stdout).toContain('second-q7m2d4');
  expect(none.stdout).toContain('No hosted servers');
});

test('status: the server, its pull request and the stages of its newest rollout', async () => {
  const { code, stdout } = await run('status', 'hello-q7m2d4');

  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'hello-q7m2d4 is running',
      'Endpoint    http://hello-q7m2d4.localhost:4003/mcp',
      'Repository  acme/hello-server',
      'Version     4f2c1aa',
      'Tools       2 tools: greet, add',
      `Deployment  acme/mcp-server-deployments#2 ${pullRequest().url}`,
      '',
      'Last deploy: running',
      ' ✔ accepted            1.0 s',
      ' ✔ build               1.0 s',
      ' ✔ proposed            1.0 s',
      ' ✔ waiting for merge   1.0 s',
      ' ✔ sync                1.0 s',
      ' ✔ verified            1.0 s',
      '',
    ].join('\n'),
  );
});

test('status: what failed has its mark, its last lines and its cure', async () => {
  const failure = { code: 'build-failed', message: 'npm ci failed.', hint: 'Mend it.', log: ['npm error code E404'] };
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(['accepted', 'building', 'failed'], {
    failure,
  });

  const { stdout } = await run('status', 'hello-q7m2d4');

  expect(stdout).toMatch(
    / ✔ accepted +1\.0 s\n ✘ build +1\.0 s\n {3}npm error code E404\n\nnpm ci failed\.\nMend it\.\n$/,
  );
});

test('status: an unknown id suggests a near one and ends with 3', async () => {
  const plain = await run('status', 'helo-q7m2d4');
  const json = await run('status', 'helo-q7m2d4', '--json');

  expect(plain).toMatchObject({ code: 3, stdout: '' });
  expect(plain.stderr).toBe(
    'Cannot find "helo-q7m2d4": no hosted server has this id, expected one that `mcp-hosting list` shows\nDid you mean hello-q7m2d4?\n',
  );
  expect(json).toMatchObject({ code: 3, stdout: '' });
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'server-not-found' } });
});

test.each(['../../x', 'a b', '%2e%2e', 'x'.repeat(5_000), ''])('status: %j as an id is not found', async (id) => {
  expect(await run('status', id)).toMatchObject({ code: 3 });
});

test('logs: lines alone are on stdout', async () => {
  expect(await run('logs', 'hello-q7m2d4', '--lines', '2')).toMatchObject({ code: 0, stdout: 'one\ntwo\n' });
  expect(await run('logs', 'hello-q7m2d4', '--lines', '2', '--json')).toMatchObject({ stdout: '"one"\n"two"\n' });
});

test('keys create: the key alone is on stdout, the one command that takes it on stderr', async () => {
  const { code, stdout, stderr } = await run('keys', 'create', 'hello-q7m2d4', '--name', 'CI', '--expires-in', '90d');
  const json = await run('keys', 'create', 'hello-q7m2d4', '--json', { env: { ...apiEnv(), USER: 'kim' } });

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'mcp_abc\n' });
  expect(stderr).toContain('This is the key "CI" (7f3a9c21d0b4) of hello-q7m2d4. It is shown this once');
  expect(stderr).toMatch(/ setup hello-q7m2d4 --url http:\/\/hello-q7m2d4\.localhost:4003\/mcp$/m);
  expect(stderr).toContain('Revoke it: npx mcp-hosting keys revoke hello-q7m2d4 7f3a9c21d0b4');
  expect(stderr).not.toContain('mcp_abc');
  expect(api.bodies).toEqual([
    { name: 'CI', expiresAt: '2027-02-20T10:01:02.000Z' },
    { name: 'kim', expiresAt: null },
  ]);
  expect(JSON.parse(json.stdout)).toMatchObject({ serverId: 'hello-q7m2d4', key: 'mcp_abc' });
});

test.each(['90', '0d', '-1d', '1.5h', '90 d', '9999999d', 'for ever', ''])(
  'keys create: --expires-in %j is refused',
  async (time) => {
    expect(await run('keys', 'create', 'hello-q7m2d4', '--expires-in', time)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('expected a time such as'),
    });
    expect(api.requests).toEqual([]);
  },
);

test('keys list and revoke: times are relative, names harmless', async () => {
  const { stdout } = await run('keys', 'list', 'hello-q7m2d4');
  const revoked = await run('keys', 'revoke', 'hello-q7m2d4', '7f3a9c21d0b4');
  const unknown = await run('keys', 'revoke', 'hello-q7m2d4', '../secrets/TOKEN');

  expect(stdout.split('\n')).toEqual([
    'ID            NAME            CREATED        LAST USED  EXPIRES',
    expect.stringMatching(/^7f3a9c21d0b4 {2}CI .*of acme +62 s ago +2\.0 s ago +in 2 h 0 min$/),
    expect.stringMatching(/^8b1c00000000 {2}old +1 h 1 min ago +– +expired$/),
    '',
  ]);
  expect(stdout).not.toContain('\u001b');
  expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining('is revoked') });
  expect(unknown.code).not.toBe(0);
  expect(api.requests).toContain('DELETE /api/hosting/servers/hello-q7m2d4/keys/..%2Fsecrets%2FTOKEN');
});

test('secrets set: the value comes from the prompt, and goes nowhere but into the request', async () => {
  const asked: string[] = [];
  const readSecret = async (question: string) => {
    asked.push(question);
    return 'canary';
  };
  const { code, stdout, stderr } = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN', { readSecret });
  answers['PUT /api/hosting/servers/hello-q7m2d4/secrets'] = {
    body: { ...CHANGED, undeclared: ['TOKEN'], restarted: false },
  };
  const undeclared = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN', { readSecret });
  answers['PUT /api/hosting/servers/hello-q7m2d4/secrets'] = {
    body: { ...CHANGED, changed: [], unchanged: ['TOKEN'], restarted: false },
  };
  const same = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN', '--json', { readSecret });

  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'TOKEN of hello-q7m2d4 is set: new pods with it take the place of the present ones.\n',
    stderr: '',
  });
  expect(asked[0]).toBe('Value of TOKEN for hello-q7m2d4 (it is not shown): ');
  expect(api.bodies).toEqual([{ TOKEN: 'canary' }, { TOKEN: 'canary' }, { TOKEN: 'canary' }]);
  expect(undeclared.stdout).toContain('add TOKEN under env in .mcp-hosting.yml');
  expect(JSON.parse(same.stdout)).toMatchObject({ changed: [], unchanged: ['TOKEN'] });
  expect([stdout, undeclared.stdout, same.stdout].join()).not.toContain('canary');
});

test('secrets set: a value as an argument, a wrong name and an empty value are refused before anything is sent', async () => {
  const readSecret = async () => '';
  const argument = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN', 'canary', { readSecret });
  const name = await run('secrets', 'set', 'hello-q7m2d4', 'sk-live-canary', { readSecret });
  const empty = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN', { readSecret });
  const nobody = await run('secrets', 'set', 'hello-q7m2d4', 'TOKEN');

  expect([argument.code, name.code, empty.code, nobody.code]).toEqual([2, 1, 2, 2]);
  expect(argument.stderr).toContain('too many arguments');
  expect(name.stderr).toContain('it is no name of a variable');
  for (const { stderr } of [argument, name]) expect(stderr).not.toContain('canary');
  expect(api.requests).toEqual([]);
});

test('secrets list and unset: names, and what is missing', async () => {
  answers['GET /api/hosting/servers/hello-q7m2d4/secrets'] = {
    body: {
      secrets: [
        { name: 'TOKEN', declared: true, changedAt: '2026-11-22T10:01:00.000Z', changedBy: 'kim' },
        { name: 'OLD', declared: false, changedAt: null, changedBy: null },
      ],
      missing: ['URL'],
    },
  };

  const { stdout } = await run('secrets', 'list', 'hello-q7m2d4');
  const unset = await run('secrets', 'unset', 'hello-q7m2d4', 'TOKEN');

  expect(stdout).toBe(
    [
      'NAME   STATE              CHANGED    BY',
      'TOKEN  set                2.0 s ago  kim',
      'OLD    set, not declared  –          –',
      'URL    missing            –          –',
      '',
    ].join('\n'),
  );
  expect(unset.stdout).toBe(
    'TOKEN of hello-q7m2d4 is unset.\nPods that run keep it until they are replaced; new ones wait until it is set again.\n',
  );
});

test('stop: is followed to its end', async () => {
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(
    ['accepted', 'proposing', 'proposed', 'syncing', 'succeeded'],
    { kind: 'stop' },
  );

  const { code, stdout } = await run('stop', 'hello-q7m2d4');

  expect(code).toBe(0);
  expect(stdout.split('\n').at(-2)).toBe('hello-q7m2d4 is stopped.');
  expect(stdout).toContain('✔ merged by @you');
});

test('stop: without a GitHub token it says who must merge what', async () => {
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(['accepted', 'proposing', 'proposed'], {
    kind: 'stop',
  });

  const { code, stdout } = await run('stop', 'hello-q7m2d4', '--json');

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'waiting', waitsForUrl: pullRequest().url });
});

test('stop: --no-wait returns at once', async () => {
  const { code, stdout } = await run('stop', 'hello-q7m2d4', '--no-wait');

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello-q7m2d4: stop was asked for.\n' });
  expect(api.requests).toEqual(['POST /api/hosting/servers/hello-q7m2d4/stop']);
});

test('stop: a rollout that failed ends with 1 and names the stage and the cure', async () => {
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(['accepted', 'syncing', 'failed'], {
    kind: 'stop',
    failure: { code: 'sync-timed-out', message: 'Argo CD took too long.', hint: 'Look at the Application.' },
  });

  const { code, stderr } = await run('stop', 'hello-q7m2d4');

  expect(code).toBe(1);
  expect(stderr).toBe(
    'Cannot stop hello-q7m2d4: it failed while syncing: Argo CD took too long.\nLook at the Application.\n',
  );
});

test('stop: what stands in the way is told in the words of the API', async () => {
  answers['POST /api/hosting/servers/hello-q7m2d4/stop'] = {
    status: 409,
    body: { code: 'not-deployed', detail: 'Cannot stop it: it was never deployed', hint: 'Deploy it.' },
  };

  expect(await run('stop', 'hello-q7m2d4')).toMatchObject({
    code: 1,
    stderr: 'Cannot stop it: it was never deployed\nDeploy it.\n',
  });
});

test('delete: asks first, and without anybody to ask wants --yes', async () => {
  const refused = await run('delete', 'hello-q7m2d4');
  const declined = await run('delete', 'hello-q7m2d4', { confirm: async () => false });

  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(declined).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was done.') });
  expect(api.requests.filter((request) => request.startsWith('DELETE'))).toEqual([]);
});

test('delete: --dry-run says what would go and does nothing', async () => {
  const { code, stdout } = await run('delete', 'hello-q7m2d4', '--dry-run');

  expect(code).toBe(0);
  expect(stdout).toContain('servers/hello-q7m2d4/');
  expect(stdout).toContain('Nothing was done.');
  expect(api.requests.filter((request) => request.startsWith('DELETE'))).toEqual([]);
});

test.each([[['--yes']], [[]]])('delete: with %j and a yes it is followed to its end', async (flags) => {
  answers['GET /api/hosting/servers/hello-q7m2d4/status'] = statusAnswer(
    ['accepted', 'proposing', 'proposed', 'syncing', 'succeeded'],
    { kind: 'delete' },
  );

  const { code, stdout } = await run('delete', 'hello-q7m2d4', ...flags, { confirm: async () => true });

  expect(code).toBe(0);
  expect(stdout).toContain('hello-q7m2d4 is deleted.');
});

test.each([
  [['nonsense'], /unknown command/],
  [['status'], /missing required argument/],
  [['list', '--nonsense'], /unknown option/],
  [['logs', 'x', '--lines', '0'], /whole number from 1 to 1000/],
  [['logs', 'x', '--lines', '1e9'], /whole number/],
  [['token', 'create'], /--name/],
  [['host'], /missing required argument/],
])('usage: %j ends with 2', async (args, message) => {
  expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});

test.each([
  'host',
  'list',
  'status',
  'logs',
  'secrets set',
  'secrets list',
  'secrets unset',
  'keys create',
  'keys list',
  'keys revoke',
  'stop',
  'start',
  'delete',
  'token create',
  'token list',
  'token revoke',
])('%s --help ends with 0', async (command) => {
  const { code, stdout } = await run(...command.split(' '), '--help');

  expect(code).toBe(0);
  expect(stdout).toContain('--json');
});

test('--version prints that of the package', async () => {
  const { version } = JSON.parse(readProjectFile('package.json')) as { version: string };

  expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('help: the exit codes are listed', async () => {
  expect(await run('--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('3  no hosted server, access key or API token has this id'),
  });
});

test('settings: without any it ends with 2 and says how to give them', async () => {
  expect(await run('list', { env: {} })).toMatchObject({ code: 2, stderr: expect.stringContaining('npm start') });
  expect(await run('host', '.', { env: {} })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('GITHUB_TOKEN'),
  });
});

test('api: a wrong token, an outage and a stranger on the port are told apart', async () => {
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { status: 401, body: { code: 'unauthorized' } };
  const unauthorized = await run('list');
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { status: 503, body: {} };
  const outage = await run('list');
  answers['GET /api/hosting/servers?limit=100&offset=0'] = { body: 'hello' };
  const stranger = await run('list');
  const closed = await run('list', { env: { MCP_HOSTING_API_URL: 'http://127.0.0.1:1', MCP_HOSTING_API_TOKEN: 'x' } });

  expect(unauthorized).toMatchObject({ code: 1, stderr: expect.stringContaining('MCP_HOSTING_API_TOKEN') });
  expect(outage.stderr).toContain('it answered 503');
  expect(stranger.stderr).toContain('no JSON object');
  expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('expected an answer') });
});

interface World {
  readSecret?: (question: string) => Promise<string>;
  confirm?: () => Promise<boolean>;
  env?: NodeJS.ProcessEnv;
}

function apiEnv(): NodeJS.ProcessEnv {
  return { MCP_HOSTING_API_URL: api.url, MCP_HOSTING_API_TOKEN: 'mcph_token' };
}

async function run(...input: (string | World)[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = input.filter((part) => typeof part === 'string');
  const world = input.find((part) => typeof part !== 'string') ?? {};
  const { terminal, stdout, stderr } = capturedTerminal();
  const code = await runCli(args, {
    terminal,
    env: world.env ?? apiEnv(),
    cwd: empty.path,
    now: () => new Date('2026-11-22T10:01:02.000Z'),
    signal: new AbortController().signal,
    ...(world.confirm ? { confirm: world.confirm } : {}),
    ...(world.readSecret ? { readSecret: world.readSecret } : {}),
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

function statusAnswer(
  stages: Parameters<typeof progressThrough>[0],
  changes: Parameters<typeof progressThrough>[1] = {},
): Answer {
  const rollout = progressThrough(stages, changes);
  return { body: { serverId: 'hello-q7m2d4', status: 'running', statusMessage: null, rollout } };
}

function accepted(): Answer {
  return { status: 202, body: { serverId: 'hello-q7m2d4', rolloutId: 'rollout-1', statusUrl: '/x' } };
}
