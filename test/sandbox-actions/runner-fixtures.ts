import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  type Conclusion,
  createWorkflowRunner,
  type RunJob,
  type WorkflowRun,
  type WorkflowRunner,
} from '../../sandbox/actions/workflow-runner.ts';
import { BUILD_PROCESSES_DIRECTORY } from '../../sandbox/container-platform.ts';
import { createImageBuilder } from '../../sandbox/images/build-image.ts';
import { createImageStore, type ImageStore } from '../../sandbox/images/image-store.ts';
import { WRAPPER_IMAGE_NAME } from '../../sandbox/images/wrapper-package.ts';
import { writeFiles } from './image-fixtures.ts';

const ROOT = join(import.meta.dirname, '../..');
export const TOKEN = 'ghs_0123456789abcdefghij';

/** What the stand-in for GitHub's API was asked. */
interface ApiCall {
  method: string;
  path: string;
  authorization: string;
  body: unknown;
}

export interface RunnerBench {
  dir: string;
  images: ImageStore;
  runner: WorkflowRunner;
  calls: ApiCall[];
  /** Status codes of the next answers; afterwards 204. */
  answers: number[];
  apiUrl: string;
  /** Commits the files to the default branch of `acme/<name>` and returns the commit. */
  commit(name: string, files: Record<string, string>): Promise<string>;
  git(name: string, ...args: string[]): Promise<string>;
  run(sha: string, overrides?: Partial<WorkflowRun>): ObservedRun;
  close(): Promise<void>;
}

interface ObservedRun {
  done: Promise<Conclusion>;
  jobs: Map<string, RunJob>;
  log: string[];
  events: string[];
  cancel(): void;
  /** Resolves when a log line holds the text. */
  saw(text: string): Promise<void>;
}

/** A runner with bare repositories in a folder, an API that says yes, and a wrapper that checks nothing. */
export async function createRunnerBench(): Promise<RunnerBench> {
  const dir = await mkdtemp(join(tmpdir(), 'runner-bench-'));
  const images = createImageStore(join(dir, 'images'));
  const wrapper = await writeFiles(join(dir, 'wrapper'), {
    'package.json': '{"type":"module"}',
    'bin/mcp-wrapper.js': "console.log('checked', process.env.MCP_WRAPPER_COMMAND);\n",
  });
  const runner = createWorkflowRunner({
    workDir: join(dir, 'runs'),
    processDir: join(dir, BUILD_PROCESSES_DIRECTORY),
    builder: createImageBuilder({
      images,
      workDir: join(dir, 'runs', 'builds'),
      processDir: join(dir, BUILD_PROCESSES_DIRECTORY),
      localImages: { [WRAPPER_IMAGE_NAME]: wrapper },
    }),
    log: () => undefined,
  });
  const api = await startApi();
  const git = (name: string, ...args: string[]) => runGit(join(dir, 'work', name), args);
  return {
    dir,
    images,
    runner,
    ...api,
    git,
    async commit(name, files) {
      const work = join(dir, 'work', name);
      const bare = join(dir, 'repositories/acme', `${name}.git`);
      await mkdir(work, { recursive: true });
      await writeFiles(work, files);
      await git(name, 'init', '--quiet', '--initial-branch=main');
      await git(name, 'add', '--all');
      await git(name, 'commit', '--quiet', '--allow-empty', '--message', 'Change');
      await runGit(dir, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
      await git(name, 'push', '--quiet', bare, 'HEAD:refs/heads/main');
      return git(name, 'rev-parse', 'HEAD');
    },
    run: (sha, overrides = {}) =>
      observe(runner, {
        id: 7,
        repository: { owner: 'acme', name: 'server' },
        workflowPath: '.github/workflows/mcp-hosting.yml',
        sha,
        ref: 'refs/heads/main',
        inputs: {},
        actor: 'you',
        token: TOKEN,
        apiUrl: api.apiUrl,
        gitUrl: join(dir, 'repositories'),
        ...overrides,
      }),
    async close() {
      await runner.close();
      await api.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function readRoot(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

function observe(runner: WorkflowRunner, run: WorkflowRun): ObservedRun {
  const jobs = new Map<string, RunJob>();
  const log: string[] = [];
  const events: string[] = [];
  const waiting: { text: string; resolve: () => void }[] = [];
  const { promise: done, resolve } = Promise.withResolvers<Conclusion>();
  const { cancel } = runner.start(run, {
    started: () => events.push('started'),
    job: (job) => jobs.set(job.name, job),
    log: (_job, line) => {
      log.push(line);
      for (const waiter of waiting) if (line.includes(waiter.text)) waiter.resolve();
    },
    completed: (conclusion) => {
      events.push('completed');
      resolve(conclusion);
    },
  });
  const saw = (text: string): Promise<void> =>
    log.some((line) => line.includes(text))
      ? Promise.resolve()
      : new Promise((seen) => waiting.push({ text, resolve: seen }));
  return { done, jobs, log, events, cancel, saw };
}

async function startApi() {
  const calls: ApiCall[] = [];
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? await json(request) : null;
    calls.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization ?? '',
      body,
    });
    response.writeHead(answers.shift() ?? 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { calls, answers, apiUrl: `http://127.0.0.1:${port}`, stop };
}

async function runGit(cwd: string, args: string[]): Promise<string> {
  const identity = { NAME: 'you', EMAIL: 'you@users.noreply.localhost' };
  const env = {
    PATH: process.env.PATH ?? '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...Object.fromEntries(
      Object.entries(identity).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    ),
  };
  const { stdout } = await promisify(execFile)('git', args, { cwd, env });
  return stdout.trim();
}
