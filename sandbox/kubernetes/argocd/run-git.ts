import { execFile } from 'node:child_process';

/** A fetch from a distant host may be slow, but must end. */
const gitTimeoutMs = 60_000;
/** Enough for the manifests of some thousand servers. */
const outputBytesMax = 64 * 1024 * 1024;

export interface GitCredentials {
  username: string;
  password: string;
}

/**
 * Runs git without a shell, a prompt, or protocols that run commands.
 *
 * @param options.credentials sent as HTTP basic authentication, through the environment so that no process list shows them
 * @throws Error with git's own last words
 */
export function runGit(
  args: string[],
  options: { cwd?: string; credentials?: GitCredentials | undefined; input?: string } = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      args,
      {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        env: { ...process.env, ...gitEnvironment(options.credentials) },
        timeout: gitTimeoutMs,
        maxBuffer: outputBytesMax,
        encoding: 'buffer',
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(lastWords(stderr.toString('utf8')) || error.message, { cause: error }));
      },
    );
    // git may end before it has read everything; its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

function gitEnvironment(credentials: GitCredentials | undefined): Record<string, string> {
  const base = { GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'http:https:ssh:git:file', LC_ALL: 'C' };
  if (credentials === undefined) return base;
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return {
    ...base,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  };
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-3).join(' ').slice(0, 500);
}
