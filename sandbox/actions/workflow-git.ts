import { mkdir } from 'node:fs/promises';
import { UserError } from '../../src/domain/user-error.ts';
import { type ProcessOutcome, runProcess } from '../images/run-process.ts';
import type { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';

export interface GitRemote {
  /** Repositories are at `<gitUrl>/<owner>/<name>.git`. */
  gitUrl: string;
  token: string;
  /** PATH, HOME, certificates. */
  environment: Readonly<Record<string, string>>;
  processes: ProcessRegistry;
  signal: AbortSignal;
}

export interface GitRepository {
  owner: string;
  name: string;
}

/** A fetch from this machine that takes longer hangs. */
const GIT_TIMEOUT_MS = 2 * 60_000;

/** Fetches one commit and checks it out. @param ref branch, tag or commit @returns the commit */
export async function checkOut(
  remote: GitRemote,
  request: { repository: GitRepository; ref: string; directory: string; depth: number; onLine: (line: string) => void },
): Promise<string> {
  const { directory, onLine } = request;
  const commit = await fetchRef(remote, request);
  await git(remote, directory, ['checkout', '--quiet', '--force', '--detach', commit], onLine);
  return commit;
}

/** Reads one file at a commit, through a repository in `directory`. @returns undefined where the file is not there */
export async function readFileAt(
  remote: GitRemote,
  request: { repository: GitRepository; ref: string; path: string; directory: string },
): Promise<{ commit: string; text: string } | undefined> {
  const commit = await fetchRef(remote, { ...request, depth: 1, onLine: () => undefined });
  const lines: string[] = [];
  const outcome = await runGit(remote, request.directory, ['show', `${commit}:${request.path}`], (line) =>
    lines.push(line),
  );
  return succeeded(outcome) ? { commit, text: lines.join('\n') } : undefined;
}

async function fetchRef(
  remote: GitRemote,
  request: { repository: GitRepository; ref: string; directory: string; depth: number; onLine: (line: string) => void },
): Promise<string> {
  const { repository, ref, directory, depth, onLine } = request;
  const url = repositoryUrl(remote.gitUrl, repository);
  await mkdir(directory, { recursive: true });
  await git(remote, directory, ['init', '--quiet'], onLine);
  const shallow = depth > 0 ? [`--depth=${depth}`] : [];
  const fetch = ['fetch', '--quiet', '--no-tags', ...shallow, '--end-of-options', url];
  const problems: string[] = [];
  const outcome = await runGit(remote, directory, [...fetch, ref], (line) => problems.push(line));
  if (succeeded(outcome)) return revParse(remote, directory, 'FETCH_HEAD');
  if (!/^[0-9a-f]{40}$/.test(ref))
    throw gitFailed(`fetch "${ref}" of ${repository.owner}/${repository.name}`, outcome, problems);
  // A server that serves no bare commits still serves it behind a branch or a pull request.
  await git(remote, directory, ['fetch', '--quiet', '--end-of-options', url, '+refs/*:refs/remotes/origin/*'], onLine);
  return revParse(remote, directory, ref);
}

async function revParse(remote: GitRemote, directory: string, revision: string): Promise<string> {
  const lines = await git(
    remote,
    directory,
    ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`],
    () => undefined,
  );
  return lines.at(-1) ?? '';
}

async function git(remote: GitRemote, cwd: string, args: string[], onLine: (line: string) => void): Promise<string[]> {
  const lines: string[] = [];
  const outcome = await runGit(remote, cwd, args, (line) => {
    lines.push(line);
    onLine(line);
  });
  if (!succeeded(outcome)) throw gitFailed(args[0] ?? '', outcome, lines);
  return lines;
}

function runGit(
  remote: GitRemote,
  cwd: string,
  args: string[],
  onLine: (line: string) => void,
): Promise<ProcessOutcome> {
  return runProcess({
    command: 'git',
    args,
    cwd,
    env: { ...remote.environment, ...gitEnvironment(remote) },
    timeoutMs: GIT_TIMEOUT_MS,
    processes: remote.processes,
    signal: remote.signal,
    onLine,
  });
}

/** The token goes through the environment: argv is for everyone to read, and a configuration file would stay. */
function gitEnvironment({ gitUrl, token }: GitRemote): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const settings = [
    [`http.${gitUrl.replace(/\/$/, '')}/.extraHeader`, `Authorization: Basic ${basic}`],
    ['core.hooksPath', '/dev/null'],
    ['advice.detachedHead', 'false'],
    ['init.defaultBranch', 'main'],
    ['safe.directory', '*'],
  ];
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key = '', value = ''], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

function repositoryUrl(gitUrl: string, { owner, name }: GitRepository): string {
  return `${gitUrl.replace(/\/$/, '')}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}.git`;
}

function succeeded(outcome: ProcessOutcome): boolean {
  return outcome.kind === 'exited' && outcome.code === 0;
}

function gitFailed(what: string, outcome: ProcessOutcome, lines: readonly string[]): UserError {
  const reason = outcome.kind === 'exited' ? (lines.at(-1) ?? `exit code ${outcome.code}`) : outcome.kind;
  return new UserError(
    'workflow-git',
    `Cannot ${what} by git: ${reason}, expected a commit of a repository that the run may read`,
    'Look whether the branch, tag or commit is still there.',
  );
}
