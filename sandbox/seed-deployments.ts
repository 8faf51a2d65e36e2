import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Pushes the scaffold (`kustomize/`) as the first commit of an empty deployments
 * repository, by real git as the person. A repository that has commits is left alone.
 * @param options.values what the scaffold's placeholders stand for, without the underscores: `DOMAIN`
 */
export async function seedDeployments(options: {
  /** `http://…/acme/mcp-server-deployments.git`. */
  remoteUrl: string;
  login: string;
  token: string;
  values: Readonly<Record<string, string>>;
}): Promise<void> {
  const workDir = await mkdtemp(join(tmpdir(), 'mcp-hosting-seed-'));
  const git = gitIn(workDir, options);
  try {
    await git('init', '--quiet', '--initial-branch=main');
    const { stdout } = await git('ls-remote', '--heads', options.remoteUrl);
    if (stdout.trim() !== '') return;
    await cp(join(ROOT, 'kustomize'), workDir, { recursive: true });
    await fillIn(workDir, options.values);
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

async function fillIn(dir: string, values: Readonly<Record<string, string>>): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(ya?ml|md)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    if (path.includes(`${dir}/.git/`)) continue;
    const text = await readFile(path, 'utf8');
    const filled = text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (whole, name: string) => values[name] ?? whole);
    if (filled !== text) await writeFile(path, filled);
  }
}
