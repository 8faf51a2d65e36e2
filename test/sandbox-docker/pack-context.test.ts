import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extract } from 'tar-stream';
import { PACKED_DOCKERFILE, packContext } from '../../sandbox/docker/pack-context.ts';
import { parseDockerIgnore } from '../../sandbox/images/docker-ignore.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'context-'));
  await mkdir(join(root, 'node_modules/kept'), { recursive: true });
  await writeFile(join(root, 'index.js'), 'grüße');
  await writeFile(join(root, 'run.sh'), '', { mode: 0o755 });
  await writeFile(join(root, '.env'), 'SECRET=1');
  await writeFile(join(root, '.dockerignore'), '.env\n');
  await writeFile(join(root, 'node_modules/gone.js'), '');
  await writeFile(join(root, 'node_modules/kept/a.js'), '');
  await symlink('/etc/passwd', join(root, 'link'));
});

afterAll(() => rm(root, { recursive: true }));

async function entriesOf(ignore: string) {
  const entries: Record<string, unknown> = {};
  const tar = packContext({ root, dockerfile: 'FROM scratch\n', isIgnored: parseDockerIgnore(ignore) }).pipe(extract());
  for await (const entry of tar) {
    const { name, type, mode, uid, linkname } = entry.header;
    const content = await text(entry);
    entries[name] = type === 'file' ? { mode: (mode ?? 0).toString(8), uid, content } : { type, linkname };
  }
  return entries;
}

test('Files travel with their mode as root, symlinks as what they say, ignored ones not at all', async () => {
  expect(await entriesOf('.env\nnode_modules\n!node_modules/kept\n')).toEqual({
    'index.js': { mode: '644', uid: 0, content: 'grüße' },
    link: { type: 'symlink', linkname: '/etc/passwd' },
    'node_modules/kept': { type: 'directory', linkname: null },
    'node_modules/kept/a.js': { mode: '644', uid: 0, content: '' },
    'run.sh': { mode: '755', uid: 0, content: '' },
    [PACKED_DOCKERFILE]: { mode: '644', uid: 0, content: 'FROM scratch\n' },
    '.dockerignore': { mode: '644', uid: 0, content: `${PACKED_DOCKERFILE}\n.dockerignore\n` },
  });
});

test('A context that is not there fails the stream', async () => {
  const packed = packContext({ root: join(root, 'nowhere'), dockerfile: '', isIgnored: () => false });

  await expect(text(packed)).rejects.toThrow('ENOENT');
});
