import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createGit } from '../../../src/cli/git.ts';
import { type PublishOptions, publishDirectory } from '../../../src/cli/publish-directory.ts';
import { testDirectory } from './test-directory.ts';

const TOKEN = 'ghp_averysecrettoken';
const PRIVATE_KEY = `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(64)}\n`;

let root: ReturnType<typeof testDirectory>;
let source: string;
let remote: string;

beforeEach(() => {
  root = testDirectory({
    'source/package.json': '{"name":"hello"}',
    'source/index.js': 'console.log(1)\n',
    'source/.gitignore': 'dist/\n*.log\n',
    'source/dist/out.js': 'built',
    'source/lib/debug.log': 'noise',
    'source/node_modules/x/index.js': 'module',
  });
  source = join(root.path, 'source');
  remote = join(root.path, 'remote.git');
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
});

afterEach(() => root.remove());

test('publish: the files that git would take and the extra ones make the first commit', async () => {
  const { pushed, commitSha } = await publish();

  expect(pushed).toBe(true);
  expect(git('rev-parse', 'main')).toBe(commitSha);
  expect(filesOf('main')).toEqual(['.github/workflows/mcp-hosting.yml', '.gitignore', 'index.js', 'package.json']);
  expect(git('log', '-1', '--format=%an <%ae>', 'main')).toBe('you <1+you@users.noreply.github.com>');
});

test('publish: equal files make no commit, a change makes one on top', async () => {
  const first = await publish();
  const second = await publish();
  writeFileSync(join(source, 'index.js'), 'console.log(2)\n');
  const third = await publish();

  expect(second).toMatchObject({ pushed: false, commitSha: first.commitSha });
  expect(third.pushed).toBe(true);
  expect(git('rev-list', '--count', 'main')).toBe('2');
  expect(git('rev-parse', 'main~1')).toBe(first.commitSha);
});

test('publish: what others pushed meanwhile stays in the history', async () => {
  const first = await publish();
  const other = execFileSync(
    'git',
    ['-C', remote, 'commit-tree', `${first.commitSha}^{tree}`, '-p', first.commitSha, '-m', 'theirs'],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      },
    },
  ).trim();
  execFileSync('git', ['-C', remote, 'update-ref', 'refs/heads/main', other]);
  writeFileSync(join(source, 'index.js'), 'console.log(3)\n');

  await publish();

  expect(git('rev-parse', 'main~1')).toBe(other);
});

test('publish: a repository of others that has the name loses nothing', async () => {
  const website = testDirectory({ 'site/index.html': '<p>', 'site/index.js': 'theirs' });
  const site = join(website.path, 'site');
  const person = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  execFileSync('git', ['-C', site, 'init', '--quiet', '--initial-branch=main']);
  execFileSync('git', ['-C', site, 'add', '.']);
  execFileSync('git', ['-C', site, ...person, 'commit', '--quiet', '-m', 'Site']);
  execFileSync('git', ['-C', site, 'push', '--quiet', remote, 'main']);
  website.remove();

  await expect(publish()).rejects.toMatchObject({
    code: 'repository-taken',
    message: expect.stringContaining('it holds 1 file that the folder lacks (index.html)'),
  });
  expect(git('rev-list', '--count', 'main')).toBe('1');

  writeFileSync(join(source, 'index.html'), '<p>');
  expect(await publish()).toMatchObject({ pushed: true });
});

test('publish: a workflow of the directory is not replaced', async () => {
  mkdirSync(join(source, '.github', 'workflows'), { recursive: true });
  writeFileSync(join(source, '.github', 'workflows', 'mcp-hosting.yml'), 'own: true\n');

  await publish();

  expect(git('show', 'main:.github/workflows/mcp-hosting.yml')).toBe('own: true');
});

test('publish: files that look like credentials are left out and named', async () => {
  const secrets = [
    '.env',
    '.env.local',
    'config/.env.production',
    'id_ed25519',
    'keys/server.pem',
    '.npmrc',
    'credentials.json',
  ];
  mkdirSync(join(source, 'config'));
  mkdirSync(join(source, 'keys'));
  for (const name of secrets) writeFileSync(join(source, name), 'KEY=value');
  writeFileSync(join(source, 'keys/server.pem'), PRIVATE_KEY);
  writeFileSync(join(source, '.npmrc'), '//registry.example.com/:_authToken=abc123\n');
  writeFileSync(join(source, '.env.example'), 'KEY=');

  const { collected } = await publish();

  expect(collected.secrets).toEqual(secrets.toSorted());
  expect(filesOf('main')).toEqual([
    '.env.example',
    '.github/workflows/mcp-hosting.yml',
    '.gitignore',
    'index.js',
    'package.json',
  ]);
});

test('publish: links that leave the directory and nested repositories are left out, executables stay so', async () => {
  symlinkSync('/etc/passwd', join(source, 'passwd'));
  symlinkSync('index.js', join(source, 'alias.js'));
  writeFileSync(join(source, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(source, 'run.sh'), 0o755);
  execFileSync('git', ['init', '--quiet', join(source, 'nested')]);
  writeFileSync(join(source, 'nested', 'inner.js'), 'x');

  const { collected } = await publish();

  expect(collected.unusable).toContain('passwd');
  expect(filesOf('main')).toEqual(expect.arrayContaining(['alias.js', 'run.sh']));
  expect(filesOf('main')).not.toContain('passwd');
  expect(git('ls-tree', 'main', 'run.sh')).toMatch(/^100755/);
  expect(git('ls-tree', 'main', 'alias.js')).toMatch(/^120000/);
});

test('publish: a folder that is a repository itself is only read', async () => {
  execFileSync('git', ['init', '--quiet', source]);
  const before = readdirSync(join(source, '.git')).toSorted();

  await publish();

  expect(readdirSync(join(source, '.git')).toSorted()).toEqual(before);
  expect(filesOf('main')).toContain('index.js');
});

test.each([
  ['missing', 'directory-not-found'],
  ['source/index.js', 'directory-not-found'],
  ['empty', 'directory-empty'],
])('publish: %s is refused with %s', async (directory, code) => {
  mkdirSync(join(root.path, 'empty', 'node_modules'), { recursive: true });
  writeFileSync(join(root.path, 'empty', 'node_modules', 'x.js'), '');

  await expect(publish({ directory: join(root.path, directory) })).rejects.toMatchObject({ code });
});

test('publish: too many files are refused before anything is copied', async () => {
  mkdirSync(join(source, 'many'));
  for (let index = 0; index < 5_001; index++) writeFileSync(join(source, 'many', String(index)), '');

  await expect(publish()).rejects.toMatchObject({ code: 'directory-too-large' });
});

test('publish: nothing is left in the temporary directory, also after a failure', async () => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = join(root.path, 'temporary');
  mkdirSync(process.env.TMPDIR);
  try {
    await publish();
    await expect(publish({ remoteUrl: `file://${root.path}/nowhere.git` })).rejects.toMatchObject({
      code: 'git-failed',
    });

    expect(readdirSync(process.env.TMPDIR)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

test('git: the token is in no argument and no file, and goes to its own host alone', async () => {
  const { env, log } = recordingGit();

  await publish({ env });
  const calls = readFileSync(log, 'utf8');

  expect(calls).toContain('push');
  expect(calls).not.toContain(TOKEN);
  expect(calls).not.toContain(Buffer.from(`x-access-token:${TOKEN}`).toString('base64'));
});

test('git: the token is sent as basic authentication to its own host and to no other', async () => {
  const own = await listen();
  const other = await listen();
  const client = createGit({ cwd: root.path, env: process.env, credential: { url: own.url, token: TOKEN } });

  await client.run(['ls-remote', `${own.url}/a/b.git`]).catch(() => undefined);
  await client.run(['ls-remote', `${other.url}/a/b.git`]).catch(() => undefined);
  await Promise.all([own.close(), other.close()]);

  expect(own.authorizations[0]).toBe(`Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`);
  expect(other.authorizations).not.toHaveLength(0);
  expect(other.authorizations.every((header) => header === undefined)).toBe(true);
});

test('git: a refusal names what git said, without the token', async () => {
  const client = createGit({ cwd: root.path, env: process.env, credential: { url: 'http://x', token: 'remote.git' } });

  const error = await client
    .run(['ls-remote', `file://${root.path}/none-remote.git`])
    .catch((caught: unknown) => caught);

  expect(error).toMatchObject({ code: 'git-failed', message: expect.stringContaining('[redacted]') });
});

test('git: where it is not installed it says so', async () => {
  const client = createGit({ cwd: root.path, env: { PATH: root.path } });

  await expect(client.run(['version'])).rejects.toMatchObject({ code: 'git-missing' });
});

function publish(changes: Partial<PublishOptions> = {}) {
  return publishDirectory({
    directory: source,
    remoteUrl: `file://${remote}`,
    branch: 'main',
    token: TOKEN,
    identity: { name: 'you', email: '1+you@users.noreply.github.com' },
    message: 'Add the server',
    extraFiles: { '.github/workflows/mcp-hosting.yml': 'on: workflow_dispatch\n' },
    env: process.env,
    ...changes,
  });
}

/** A `git` that writes down its arguments and then is the real one. */
function recordingGit(): { env: NodeJS.ProcessEnv; log: string } {
  const log = join(root.path, 'calls.log');
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const bin = join(root.path, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nexec '${real}' "$@"\n`, { mode: 0o755 });
  return { env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }, log };
}

async function listen() {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    authorizations,
    close: () => new Promise((done) => server.close(done)),
  };
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', remote, ...args], { encoding: 'utf8' }).trim();
}

function filesOf(branch: string): string[] {
  return git('ls-tree', '-r', '--name-only', branch).split('\n').toSorted();
}
