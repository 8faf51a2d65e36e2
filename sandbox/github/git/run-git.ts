import { spawn } from 'node:child_process';

export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

export interface GitOptions {
  env?: Record<string, string>;
  input?: string | Buffer;
}

/** Output of one git command that is kept, in bytes: more than any file or diff GitHub would show. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export class GitFailed extends Error {
  readonly stderr: string;

  constructor(args: readonly string[], result: GitResult) {
    super(`Cannot run "git ${args[0]}": it ended with ${result.code}, expected 0: ${result.stderr.trim()}`);
    this.stderr = result.stderr;
  }
}

/** The environment of every git child: nothing of the person's own configuration, never a prompt. */
export const GIT_ENVIRONMENT: Record<string, string> = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

/** Runs git in a bare repository, whatever its exit code. */
export function runGit(dir: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: dir, env: { ...GIT_ENVIRONMENT, GIT_DIR: dir, ...options.env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX) child.kill('SIGKILL');
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    );
    // A child that ends before it has read everything breaks the pipe; its exit code tells what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** @returns its output; @throws GitFailed where it ends with another code than 0. */
export async function git(dir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await runGit(dir, args, options);
  if (result.code !== 0) throw new GitFailed(args, result);
  return result.stdout.toString();
}
