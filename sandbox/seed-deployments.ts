import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Pushes the scaffold as the first commit of an empty deployments repository, by real git as the person. A repository
 * that has commits is left alone.
 */
export async function seedDeployments(options: {
  /** `http://…/acme/mcp-server-deployments.git`. */
  remoteUrl: string;
  login: string;
  token: string;
  files: Readonly<Record<string, string>>;
}): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'mcp-hosting-seed-'));
  const git = gitIn(workDir, options);
  try {
    await git('init', '--quiet', '--initial-branch=main');
    const { stdout } = await git('ls-remote', '--heads', options.remoteUrl);
    if (stdout.trim() !== '') return;
    for (const [path, text] of Object.entries(options.files)) {
      await mkdir(dirname(join(workDir, path)), { recursive: true });
      await writeFile(join(workDir, path), text);
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Add the scaffold of the deployments repository');
    await git('push', '--quiet', options.remoteUrl, 'main');
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** The token goes through the environment: argv is for everyone to read. */
function gitIn(cwd: string, { login, token }: { login: string; token: string }) {
  const basic = Buffer.from(`${login}:${token}`).toString('base64');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_AUTHOR_NAME: login,
    GIT_AUTHOR_EMAIL: `${login}@users.noreply.localhost`,
    GIT_COMMITTER_NAME: login,
    GIT_COMMITTER_EMAIL: `${login}@users.noreply.localhost`,
  };
  return (...args: string[]) => run('git', args, { cwd, env });
}
