import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createImageStore, type ImageConfig } from '../../sandbox/images/image-store.ts';

const config: ImageConfig = {
  entrypoint: ['node'],
  cmd: ['/app/a.js'],
  env: { B: '1', A: '2' },
  workingDir: '/app',
  labels: {},
};
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'image-store-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function tree(name: string, files: Record<string, string>): Promise<string> {
  const root = join(dir, name);
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

test('the same files and configuration give the same digest, whatever their order and age', async () => {
  const store = createImageStore(join(dir, 'images'));
  const one = await tree('one', { 'app/a.js': '1', 'app/b.js': '2' });
  const two = await tree('two', { 'app/b.js': '2', 'app/a.js': '1' });

  const first = await store.push('reg.example/o/one', ['latest'], one, config);
  const second = await store.push('reg.example/o/two', ['v1'], two, { ...config, env: { A: '2', B: '1' } });

  expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(second).toBe(first);
});

test.each([
  ['content', async (root: string) => writeFile(join(root, 'app/a.js'), '2')],
  ['mode', async (root: string) => chmod(join(root, 'app/a.js'), 0o755)],
  ['an empty directory', async (root: string) => mkdir(join(root, 'app/empty'))],
  ['a symlink', async (root: string) => symlink('a.js', join(root, 'app/link'))],
])('a change of %s changes the digest', async (_what, change) => {
  const store = createImageStore(join(dir, 'images'));
  const root = await tree('one', { 'app/a.js': '1' });
  await chmod(join(root, 'app/a.js'), 0o644);
  const before = await store.push('o/one', [], root, config);

  await change(root);

  expect(await store.push('o/one', [], root, config)).not.toBe(before);
});

test('a change of the configuration changes the digest', async () => {
  const store = createImageStore(join(dir, 'images'));
  const root = await tree('one', { 'app/a.js': '1' });

  const digests = await Promise.all([
    store.push('o/one', [], root, config),
    store.push('o/one', [], root, { ...config, cmd: [] }),
  ]);

  expect(digests[0]).not.toBe(digests[1]);
});

test('an image resolves by tag and by digest, under its own name only', async () => {
  const store = createImageStore(join(dir, 'images'));
  const root = await tree('one', { 'app/a.js': '1' });
  const digest = await store.push('reg.example:5000/o/one', ['latest', '1a2b3c4'], root, config);

  const byDigest = await store.resolve(`reg.example:5000/o/one@${digest}`);
  const byTag = await store.resolve('reg.example:5000/o/one:1a2b3c4');

  expect(byDigest?.config).toEqual(config);
  expect(byTag).toEqual(byDigest);
  expect(await store.resolve(`reg.example:5000/o/one:other@${digest}`)).toEqual(byDigest);
  expect(await store.resolve('reg.example:5000/o/one')).toEqual(byDigest);
  expect(await store.resolve(`reg.example:5000/o/two@${digest}`)).toBeUndefined();
  expect(await store.resolve('reg.example:5000/o/one:absent')).toBeUndefined();
});

test.each([
  '',
  '@',
  '../../etc',
  'a@sha256:1',
  'A:b',
  'a:b:c',
  '__proto__',
  'constructor:name',
  `a:${'x'.repeat(600)}`,
])('a reference %p that no image has resolves to nothing', async (reference) => {
  const store = createImageStore(join(dir, 'images'));
  await store.push('a', ['constructor'], await tree('one', { f: '' }), config);

  expect(await store.resolve(reference)).toBeUndefined();
});

test('a tag is moved by the next push, the older digest stays', async () => {
  const store = createImageStore(join(dir, 'images'));
  const first = await store.push('o/one', ['latest'], await tree('one', { f: '1' }), config);
  const second = await store.push('o/one', ['latest'], await tree('two', { f: '2' }), config);

  expect((await store.resolve('o/one:latest'))?.digest).toBe(second);
  expect((await store.resolve(`o/one@${first}`))?.digest).toBe(first);
});

test('pushes of the same content at one time leave one image and nothing half-written', async () => {
  const store = createImageStore(join(dir, 'images'));
  const root = await tree('one', { 'app/a.js': 'x'.repeat(100_000) });

  const digests = await Promise.all(
    Array.from({ length: 8 }, (_, index) => store.push('o/one', [`t${index}`], root, config)),
  );

  expect(new Set(digests).size).toBe(1);
  expect((await readdir(join(dir, 'images'))).sort()).toEqual([digests[0]?.replace(':', '-'), 'tags.json']);
  for (let index = 0; index < 8; index++) {
    expect((await store.resolve(`o/one:t${index}`))?.digest).toBe(digests[0]);
  }
});

test('what a killed push left is swept, and a directory without its configuration is written anew', async () => {
  const images = join(dir, 'images');
  const root = await tree('one', { f: '1' });
  const digest = await createImageStore(images).push('o/one', ['latest'], root, config);
  await mkdir(join(images, 'partial-left'));
  await writeFile(join(images, digest.replace(':', '-'), 'config.json'), '{"entry');
  const store = createImageStore(images);

  expect(await store.resolve('o/one:latest')).toBeUndefined();
  expect(await store.push('o/one', ['latest'], root, config)).toBe(digest);

  expect((await store.resolve('o/one:latest'))?.config).toEqual(config);
  expect(await readdir(images)).not.toContain('partial-left');
});

test('symlinks that leave the image lead to its own root, as in a container', async () => {
  const store = createImageStore(join(dir, 'images'));
  const root = await tree('one', { 'app/a.js': '1' });
  await symlink('/etc/passwd', join(root, 'app/absolute'));
  await symlink('../../../../../../etc/passwd', join(root, 'app/climbing'));
  await symlink('a.js', join(root, 'app/fine'));
  await symlink('/usr/bin/python3', join(root, 'app/python'));

  await store.push('o/one', ['latest'], root, config, { hostLinks: ['/usr/bin/python3'] });

  const rootfs = (await store.resolve('o/one:latest'))?.rootfs ?? '';
  expect(await readlink(join(rootfs, 'app/absolute'))).toBe('../etc/passwd');
  expect(await readlink(join(rootfs, 'app/climbing'))).toBe('../etc/passwd');
  expect(await readlink(join(rootfs, 'app/fine'))).toBe('a.js');
  expect(await readlink(join(rootfs, 'app/python'))).toBe('/usr/bin/python3');
  await expect(stat(join(rootfs, 'app/absolute'))).rejects.toThrow('ENOENT');
});

test('removing a name removes its images, but none that another name has', async () => {
  const store = createImageStore(join(dir, 'images'));
  const shared = await store.push('o/one', ['latest'], await tree('one', { f: '1' }), config);
  await store.push('o/two', ['latest'], await tree('one', { f: '1' }), config);
  const own = await store.push('o/one', ['latest'], await tree('two', { f: '2' }), config);

  await store.remove('o/one');
  await store.remove('o/absent');

  expect(await store.resolve('o/one:latest')).toBeUndefined();
  expect((await store.resolve('o/two:latest'))?.digest).toBe(shared);
  expect(await readdir(join(dir, 'images'))).not.toContain(own.replace(':', '-'));
});
