import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineClient } from '../../sandbox/docker/engine-client.ts';
import { findProgram } from '../../sandbox/docker/find-program.ts';
import { followProgress } from '../../sandbox/docker/follow-progress.ts';

const run = promisify(execFile);
/** What shell scripts of Dockerfiles and npm's own call. */
const PROGRAMS = ['sh', 'env', 'cat', 'cp', 'id', 'ls', 'mkdir', 'rm', 'sleep'];
const PATH = process.env.PATH ?? '';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** A name of its own: several test files share it, and it stays in the engine for the next run. */
export const TEST_NODE_IMAGE = 'mcp-hosting-test/node:24';

/**
 * Makes an image from this machine's own Node, npm and shell where the engine has none of that name, since tests fetch
 * nothing from Docker Hub. Linux only: the programs run in the engine as they are.
 *
 * @returns removes it again, unless it was there before or has the tests' own name
 */
export async function ensureNodeImage(engine: EngineClient, image: string): Promise<() => Promise<void>> {
  const { status } = await engine.request('GET', `/images/${image}/json`, { accept: [404] });
  if (status === 200) return async () => undefined;
  const root = await mkdtemp(join(tmpdir(), 'base-image-'));
  try {
    await fillRoot(root);
    await importImage(engine, root, image);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  if (image === TEST_NODE_IMAGE) return async () => undefined;
  return async () => void (await engine.request('DELETE', `/images/${image}`, { accept: [404, 409] }));
}

async function fillRoot(root: string): Promise<void> {
  for (const directory of ['bin', 'etc', 'tmp', 'usr/bin', 'usr/local/bin', 'usr/local/lib/node_modules']) {
    await mkdir(join(root, directory), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  for (const name of PROGRAMS) await takeProgram(root, findProgram(name, PATH) ?? `/bin/${name}`, `/usr/bin/${name}`);
  await symlink('/usr/bin/sh', join(root, 'bin/sh'));
  await takeProgram(root, process.execPath, '/usr/local/bin/node');
  // Its program is a link to bin/npm-cli.js of the package.
  const npm = dirname(dirname(await realpath(findProgram('npm', PATH) ?? '/usr/bin/npm')));
  await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await mkdir(join(root, dirname(CERTIFICATES)), { recursive: true });
  // Without it a machine that has no such file would fail at once; with it, npm finds out only when it needs a network.
  await cp(CERTIFICATES, join(root, CERTIFICATES), { dereference: true }).catch(() => undefined);
}

async function takeProgram(root: string, from: string, to: string): Promise<void> {
  await cp(from, join(root, to), { dereference: true });
  const { stdout } = await run('ldd', [from]);
  for (const [library] of stdout.matchAll(/\/\S+(?= \(0x)/g)) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await cp(library, join(root, library), { dereference: true });
  }
}

async function importImage(engine: EngineClient, root: string, image: string): Promise<void> {
  const tar = spawn('tar', ['--create', '--numeric-owner', '--owner=0', '--group=0', '--directory', root, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [repo, tag] = image.split(':');
  const changes = [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
    'CMD ["node"]',
  ];
  const body = await engine.stream('POST', '/images/create', {
    query: { fromSrc: '-', repo, tag, changes },
    body: tar.stdout,
    contentType: 'application/x-tar',
  });
  await followProgress(body, () => undefined);
}
