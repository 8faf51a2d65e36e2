import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { UserError } from '../domain/user-error.ts';

/** Runs git in one directory, with nothing of the person's own configuration and never a prompt. */
export interface Git {
  /** @returns stdout. @throws UserError `git-failed`, with the last line of stderr */
  run(args: readonly string[], options?: { cwd?: string; env?: NodeJS.ProcessEnv }): Promise<string>;
}

export interface GitOptions {
  cwd: string;
  /** PATH, HOME and proxies are taken from it. */
  env: NodeJS.ProcessEnv;
  /** Sent as HTTP basic authentication to this address alone. */
  credential?: { url: string; token: string };
  identity?: { name: string; email: string };
}

/** A push of the largest directory over a slow line; git itself never gives up. */
const GIT_TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;
/** Variables that would point git elsewhere than `cwd`, as they are set inside a hook. */
const FOREIGN_VARIABLES = /^GIT_/;

export function createGit(options: GitOptions): Git {
  const base = gitEnvironment(options);
  return {
    run: (args, { cwd = options.cwd, env = {} } = {}) =>
      new Promise((resolvePromise, reject) => {
        const child = execFile(
          'git',
          args,
          { cwd, env: { ...base, ...env }, timeout: GIT_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX },
          (error, stdout, stderr) => (error ? reject(gitError(args, error, stderr, options)) : resolvePromise(stdout)),
        );
        child.stdin?.end();
      }),
  };
}

/**
 * The token goes in by `GIT_CONFIG_*` as an `http.<url>.extraHeader`: neither argv, nor an address, nor a file holds it,
 * and git does not send it to another host.
 */
function gitEnvironment({ env, credential, identity }: GitOptions): NodeJS.ProcessEnv {
  const config: [string, string][] = [
    ['credential.helper', ''],
    ['core.hooksPath', devNull],
    ['core.autocrlf', 'false'],
    ['commit.gpgSign', 'false'],
    ['gc.auto', '0'],
    ['http.followRedirects', 'false'],
    ...(credential
      ? ([[`http.${credential.url}/.extraHeader`, authorizationHeader(credential.token)]] as [string, string][])
      : []),
    ...(identity
      ? ([
          ['user.name', identity.name],
          ['user.email', identity.email],
        ] as [string, string][])
      : []),
  ];
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN_VARIABLES.test(name)));
  return {
    ...own,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

function authorizationHeader(token: string): string {
  return `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
}

function gitError(
  args: readonly string[],
  error: Error & { code?: unknown },
  stderr: string,
  options: GitOptions,
): UserError {
  if (error.code === 'ENOENT') {
    return new UserError(
      'git-missing',
      'Cannot run git: it is not installed, expected it on the PATH',
      'Install git.',
      {
        cause: error,
      },
    );
  }
  const token = options.credential?.token;
  const lines = (token ? stderr.replaceAll(token, '[redacted]') : stderr).trim().split('\n');
  const said = lines.find((line) => /^(fatal|error|remote|!)|\[rejected\]/.test(line.trim())) ?? lines.at(-1) ?? '';
  return new UserError(
    'git-failed',
    `Cannot ${args[0] ?? 'run'} by git: ${said.trim().slice(0, 300) || 'it ended without a word'}, expected success`,
    'Look at what git says; a push needs write access to the repository.',
  );
}
