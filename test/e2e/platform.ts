import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Octokit } from '@octokit/rest';
import pg from 'pg';
import type { SandboxFile } from '../../sandbox/sandbox-file.ts';
import { readSetupFiles } from '../../src/setup-files.ts';
import { freePorts } from './free-ports.ts';
import { TINY_SERVER } from './tiny-server.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
/** A wait in these tests ends after this; it decides nothing but how long a failure takes to be seen. */
export const WAIT_MS_MAX = 240_000;
const POLL_MS = 300;
const DEPLOYMENTS = { owner: 'acme', repo: 'mcp-server-deployments' };

type Row = Record<string, unknown> & { server_id: string; status: string; status_message: string | null };

/** The whole platform as `npm start -- --platform-only` brings it up, and what a person can do with it. */
export interface E2ePlatform {
  file: SandboxFile;
  dataDir: string;
  you: Octokit;
  /** A person with this permission in a repository. */
  person(login: string, permissions?: Record<string, string>): Promise<Octokit>;
  /** Makes `acme/<name>` with these files and the build workflow, by real git. @returns the commit. */
  push(name: string, files: Record<string, string>, options?: { workflow?: boolean; branch?: string }): Promise<string>;
  openIssue(name: string): Promise<number>;
  comment(name: string, issue: number, body: string, by?: Octokit): Promise<number>;
  /** The newest row of a repository's server; undefined while there is none. */
  row(name: string, pullRequest?: number): Promise<Row | undefined>;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  waitForStatus(name: string, status: string, pullRequest?: number): Promise<Row>;
  /** The open deployment pull request of a server. */
  waitForProposal(serverId: string): Promise<{ number: number; title: string; body: string }>;
  merge(pullRequest: number): Promise<void>;
  control<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** SIGKILL for the bot; the sandbox starts it again. */
  killBot(): Promise<void>;
  waitFor<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  close(): Promise<void>;
}

export async function startPlatform(env: Record<string, string> = {}, options: string[] = []): Promise<E2ePlatform> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mcp-hosting-e2e-'));
  const port = await freePorts();
  const child = spawn(
    process.execPath,
    [MAIN, '--platform-only', '--port', String(port), '--data-dir', dataDir, ...options],
    {
      env: { ...process.env, RECONCILE_INTERVAL_MS: '2000', GITHUB_REQUEST_TIMEOUT_MS: '30000', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const file = await waitFor('the platform', async () => {
    if (child.exitCode !== null) throw new Error(`The sandbox ended:\n${output.join('')}`);
    return readJson<SandboxFile>(join(dataDir, 'sandbox.json'));
  });
  return createPlatform({ file, dataDir, child, output });
}

async function createPlatform({
  file,
  dataDir,
  child,
  output,
}: {
  file: SandboxFile;
  dataDir: string;
  child: ChildProcess;
  output: readonly string[];
}): Promise<E2ePlatform> {
  const database = new pg.Pool({ connectionString: file.databaseUrl, max: 2 });
  database.on('error', () => {});
  const as = (token: string) =>
    new Octokit({ baseUrl: file.githubUrl, auth: token, log: { debug() {}, info() {}, warn() {}, error() {} } });
  const you = as(file.userToken);
  const query = async (text: string, values: unknown[] = []) => (await database.query(text, values)).rows;
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${file.githubUrl}/_sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  const row = async (name: string, pullRequest?: number) =>
    (
      await query(
        `SELECT hosted_servers.* FROM hosted_servers JOIN server_sources ON hosted_server_id = hosted_servers.id
         WHERE repository_name = $1 AND pull_request IS NOT DISTINCT FROM $2 ORDER BY created_at DESC LIMIT 1`,
        [name, pullRequest ?? null],
      )
    )[0] as Row | undefined;
  return {
    file,
    dataDir,
    you,
    query,
    control,
    row,
    waitFor,
    async person(login, permissions = {}) {
      return as((await control<{ token: string }>('POST', '/users', { login, permissions })).token);
    },
    push: (name, files, options = {}) => pushFiles(file, you, { name, files, ...options }),
    async openIssue(name) {
      return (await you.rest.issues.create({ owner: 'acme', repo: name, title: 'Host this server' })).data.number;
    },
    async comment(name, issue, body, by = you) {
      return (await by.rest.issues.createComment({ owner: 'acme', repo: name, issue_number: issue, body })).data.id;
    },
    waitForStatus: (name, status, pullRequest) =>
      waitFor(`${name} to be ${status}`, async () => {
        const found = await row(name, pullRequest);
        if (found?.status === 'failed' && status !== 'failed')
          throw new Error(`${name} failed: ${found.status_message}`);
        return found?.status === status && found;
      }),
    waitForProposal: (serverId) =>
      waitFor(`a pull request of ${serverId}`, async () => {
        const { data } = await you.rest.pulls.list({
          ...DEPLOYMENTS,
          state: 'open',
          head: `acme:mcp-hosting/${serverId}`,
        });
        return data[0] && { number: data[0].number, title: data[0].title, body: data[0].body ?? '' };
      }),
    async merge(pullRequest) {
      await you.rest.pulls.merge({ ...DEPLOYMENTS, pull_number: pullRequest });
    },
    async killBot() {
      for (const pid of await botPids(dataDir)) process.kill(pid, 'SIGKILL');
    },
    async close() {
      await database.end();
      if (child.exitCode !== null) throw new Error(`The sandbox ended by itself:\n${output.join('')}`);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A small server without dependencies, so that its build takes no time; `marker` makes one version unlike another. */
export function tinyServer(marker = '1', files: Record<string, string> = {}): Record<string, string> {
  return {
    'package.json': JSON.stringify({ name: 'tiny', version: '1.0.0', type: 'module', bin: 'server.js' }),
    'server.js': `${TINY_SERVER}// version ${marker}\n`,
    ...files,
  };
}

async function pushFiles(
  file: SandboxFile,
  you: Octokit,
  options: { name: string; files: Record<string, string>; workflow?: boolean; branch?: string },
): Promise<string> {
  const { name, branch = 'main' } = options;
  const exists = await you.rest.repos.get({ owner: 'acme', repo: name }).then(
    () => true,
    () => false,
  );
  if (!exists) await you.rest.repos.createInOrg({ org: 'acme', name });
  const dir = await mkdtemp(join(tmpdir(), 'mcp-hosting-push-'));
  const remote = `${file.gitUrl.replace(/\/$/, '')}/acme/${name}.git`;
  const git = gitAs(dir, file.userToken);
  try {
    const heads = exists ? (await git('ls-remote', '--heads', remote)).stdout : '';
    if (heads.trim() === '') await git('init', '--quiet', `--initial-branch=${branch}`);
    else {
      await git('clone', '--quiet', remote, '.');
      await git(
        'checkout',
        '--quiet',
        '-B',
        branch,
        ...(heads.includes(`refs/heads/${branch}\n`) ? [`origin/${branch}`] : []),
      );
    }
    const workflow =
      options.workflow === false ? {} : readSetupFiles({ owner: 'acme', name: 'mcp-server-deployments' }, 'main');
    await writeFiles(dir, { ...workflow, ...options.files });
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Change the server');
    await git('push', '--quiet', remote, branch);
    return (await git('rev-parse', 'HEAD')).stdout.trim();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function writeFiles(dir: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

function gitAs(cwd: string, token: string) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`you:${token}`).toString('base64')}`,
    GIT_AUTHOR_NAME: 'you',
    GIT_AUTHOR_EMAIL: 'you@example.com',
    GIT_COMMITTER_NAME: 'you',
    GIT_COMMITTER_EMAIL: 'you@example.com',
  };
  return (...args: string[]) => run('git', args, { cwd, env });
}

async function botPids(dataDir: string): Promise<number[]> {
  const names = await readdir(join(dataDir, 'processes'));
  return names.filter((name) => name.endsWith('.json')).map((name) => Number.parseInt(name, 10));
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

async function waitFor<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (Date.now() < deadline) {
    const found = await look();
    if (found) return found;
    await delay(POLL_MS);
  }
  throw new Error(`Waited ${WAIT_MS_MAX / 1000} s for ${what}, in vain`);
}
