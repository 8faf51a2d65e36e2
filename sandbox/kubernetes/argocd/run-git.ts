import { execFile } from 'node:child_process';

/** A fetch from a distant host may be slow, but must end. */
const gitTimeoutMs = 60_000;
/** Enough for the manifests of some thousand servers. */
const outputBytesMax = 64 * 1024 * 1024;

/** No maintenance in the background: it would outlive us. */
const settings = ['-c', 'gc.auto=0', '-c', 'maintenance.auto=false'];

export interface GitCredentials {
  username: string;
  password: string;
}

/**
 * Runs git without a shell, a prompt, or protocols that run commands.
 *
 * @param options.credentials sent as HTTP basic authentication, through the environment so that no process list shows them
 * @param options.signal ends git
 * @throws Error with git's own last words
 */
export function runGit(
  args: string[],
  options: { credentials?: GitCredentials | undefined; signal: AbortSignal },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...settings, ...args],
      {
        env: { ...process.env, ...gitEnvironment(options.credentials) },
        signal: options.signal,
        timeout: gitTimeoutMs,
        maxBuffer: outputBytesMax,
        encoding: 'buffer',
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(lastWords(stderr.toString('utf8')) || error.message, { cause: error }));
      },
    );
    child.stdin?.end();
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
  const lines = text.trim().split('\n');
  const fatal = lines.filter((line) => /^(fatal|error):/.test(line));
  return (fatal.length > 0 ? fatal : lines.slice(-3)).join(' ').slice(0, 500);
}
