import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestRepository,
  installationToken,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
let dir: string;

beforeAll(async () => {
  github = await startTestGitHub();
  dir = await mkdtemp(join(tmpdir(), 'git-test-'));
  await createTestRepository(github, 'public');
  await github.person.rest.repos.createInOrg({ org: 'acme', name: 'secret', private: true, auto_init: true });
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await stopWithoutViolations(github);
});

test('a push to an empty repository makes its first branch the default one and is told by a webhook', async () => {
  await github.person.rest.repos.createInOrg({ org: 'acme', name: 'fresh' });
  const work = await newWorkTree('trunk', { 'a.txt': 'a\n' });

  await git(work, 'push', address('fresh', `you:${github.userToken}`), 'trunk');

  const { data } = await github.person.rest.repos.get({ owner: 'acme', repo: 'fresh' });
  const { payload } = await github.webhook('push', (one) => one.repository.name === 'fresh');
  expect(data.default_branch).toBe('trunk');
  expect(payload).toMatchObject({
    ref: 'refs/heads/trunk',
    before: '0'.repeat(40),
    created: true,
    commits: [{ message: 'First', added: ['a.txt'], removed: [], modified: [] }],
    sender: { login: 'you', type: 'User' },
  });
});

test('an installation clones and pushes with x-access-token', async () => {
  const token = await installationToken(github);
  const clone = join(dir, 'by-app');

  await git(dir, 'clone', '--quiet', address('public', `x-access-token:${token}`), clone);
  await writeFile(join(clone, 'b.txt'), 'b\n');
  await commitAll(clone, 'Second');
  await git(clone, 'push', 'origin', 'HEAD:refs/heads/by-app');

  const { payload } = await github.webhook('push', (one) => one.ref === 'refs/heads/by-app');
  expect(payload).toMatchObject({ created: true, sender: { login: 'mcp-hosting[bot]', type: 'Bot' } });
});

test('anybody reads a public repository, nobody unknown writes it', async () => {
  const clone = join(dir, 'anonymous');

  await git(dir, 'clone', '--quiet', address('public'), clone);

  await expect(git(clone, 'push', 'origin', 'HEAD:refs/heads/x')).rejects.toThrow(
    /Authentication failed|could not read/,
  );
});

test('a private repository is hidden from strangers and closed to readers', async () => {
  const stranger = (await github.control('POST', '/users', { login: 'stranger' })).body.token;
  const reader = (await github.control('POST', '/users', { login: 'reader', permissions: { 'acme/secret': 'read' } }))
    .body.token;
  const clone = join(dir, 'reader');

  await expect(git(dir, 'ls-remote', address('secret'))).rejects.toThrow(/Authentication failed|could not read/);
  await expect(git(dir, 'ls-remote', address('secret', `stranger:${stranger}`))).rejects.toThrow(/not found/);
  await git(dir, 'clone', '--quiet', address('secret', `reader:${reader}`), clone);
  await expect(git(clone, 'push', 'origin', 'HEAD:refs/heads/x')).rejects.toThrow(/403/);
});

test('a commit can be fetched by its sha, and a pull request by its ref', async () => {
  const work = await newWorkTree('feature', { 'c.txt': 'c\n' });
  const remote = address('public', `you:${github.userToken}`);
  await git(work, 'fetch', '--quiet', remote, 'main');
  await git(work, 'rebase', '--quiet', 'FETCH_HEAD');
  await git(work, 'push', remote, 'HEAD:refs/heads/feature');
  const { data: pull } = await github.person.rest.pulls.create({
    owner: 'acme',
    repo: 'public',
    title: 'Feature',
    head: 'feature',
    base: 'main',
  });
  const fresh = await newWorkTree('main', {});

  await git(fresh, 'fetch', '--quiet', '--depth', '1', address('public'), pull.head.sha);
  const refs = await git(fresh, 'ls-remote', address('public'), `refs/pull/${pull.number}/head`);

  expect(refs).toContain(pull.head.sha);
});

test('a branch made at a commit that is there already brings no commits', async () => {
  const { data } = await github.person.rest.git.getRef({ owner: 'acme', repo: 'public', ref: 'heads/main' });

  const sha = data.object.sha;
  await github.person.rest.git.createRef({ owner: 'acme', repo: 'public', ref: 'refs/heads/same', sha });

  const { payload } = await github.webhook('push', (one) => one.ref === 'refs/heads/same');
  expect(payload).toMatchObject({ created: true, commits: [], head_commit: { id: sha } });
});

test('two pushes from one base: the second is refused', async () => {
  const one = join(dir, 'racer-1');
  const two = join(dir, 'racer-2');
  const remote = address('public', `you:${github.userToken}`);
  for (const clone of [one, two]) {
    await git(dir, 'clone', '--quiet', remote, clone);
    await writeFile(join(clone, 'race.txt'), clone);
    await commitAll(clone, `Race ${clone}`);
  }

  await git(one, 'push', 'origin', 'HEAD:main');

  await expect(git(two, 'push', 'origin', 'HEAD:main')).rejects.toThrow(/rejected/);
});

function address(name: string, credentials?: string): string {
  const base = credentials ? github.gitUrl.replace('://', `://${credentials}@`) : github.gitUrl;
  return `${base}/acme/${name}.git`;
}

async function newWorkTree(branch: string, files: Record<string, string>): Promise<string> {
  const work = await mkdtemp(join(dir, 'work-'));
  await git(work, 'init', '--quiet', '-b', branch);
  for (const [path, text] of Object.entries(files)) await writeFile(join(work, path), text);
  await commitAll(work, 'First');
  return work;
}

async function commitAll(work: string, message: string): Promise<void> {
  await git(work, 'add', '-A');
  const person = ['-c', 'user.name=You', '-c', 'user.email=you@example.com'];
  await git(work, ...person, 'commit', '--quiet', '--allow-empty', '-m', message);
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = { GIT_COMMITTER_NAME: 'You', GIT_COMMITTER_EMAIL: 'you@example.com' };
  const isolated = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
  const env = { PATH: process.env.PATH, HOME: dir, LC_ALL: 'C', ...isolated, ...identity };
  return (await promisify(execFile)('git', args, { cwd, env })).stdout;
}
