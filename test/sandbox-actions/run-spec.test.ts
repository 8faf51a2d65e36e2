import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StoredImage } from '../../sandbox/images/image-store.ts';
import { runSpec } from '../../sandbox/images/run-spec.ts';

let rootfs: string;
let image: StoredImage;

beforeAll(async () => {
  rootfs = await mkdtemp(join(tmpdir(), 'rootfs-'));
  await mkdir(join(rootfs, 'app/bin'), { recursive: true });
  await mkdir(join(rootfs, 'opt/mcp-wrapper'), { recursive: true });
  await writeFile(join(rootfs, 'app/index.js'), '');
  await writeFile(join(rootfs, 'opt/mcp-wrapper/bin.js'), '');
  await symlink('/etc', join(rootfs, 'app/outside'));
  image = {
    digest: `sha256:${'0'.repeat(64)}`,
    rootfs,
    config: {
      entrypoint: ['node', '/opt/mcp-wrapper/bin.js'],
      cmd: ['--flag'],
      env: { MCP_WRAPPER_COMMAND: '["node","/app/index.js"]', PATH: '/app/bin:/usr/bin', HOME: '/app' },
      workingDir: '/app',
      labels: {},
    },
  };
});

afterAll(async () => {
  await rm(rootfs, { recursive: true, force: true });
});

test('paths of the image are mapped in argv, cwd and environment; node is the node at hand', () => {
  const spec = runSpec(image, { hostPath: '/host/bin' });

  expect(spec.command).toBe(process.execPath);
  expect(spec.args).toEqual([join(rootfs, 'opt/mcp-wrapper/bin.js'), '--flag']);
  expect(spec.cwd).toBe(join(rootfs, 'app'));
  expect(spec.env).toEqual({
    MCP_WRAPPER_COMMAND: JSON.stringify(['node', join(rootfs, 'app/index.js')]),
    HOME: join(rootfs, 'app'),
    PATH: [join(rootfs, 'app/bin'), dirname(process.execPath), '/host/bin'].join(':'),
  });
});

test('the container decides: args replace cmd, command replaces both, env wins', () => {
  expect(runSpec(image, { args: ['x'] }).args).toEqual([join(rootfs, 'opt/mcp-wrapper/bin.js'), 'x']);
  expect(runSpec(image, { command: ['sh', '-c', 'true'] })).toMatchObject({ command: 'sh', args: ['-c', 'true'] });
  expect(runSpec(image, { env: { HOME: '/tmp', OTHER: 'plain' } }).env).toMatchObject({ HOME: '/tmp', OTHER: 'plain' });
});

test.each([
  ['/', '/'],
  ['/dev/null', '/dev/null'],
  ['/app/../../../../etc/passwd', '/app/../../../../etc/passwd'],
  ['/app/outside/passwd', '/app/outside/passwd'],
  ['relative/app', 'relative/app'],
  ['https://example.com/app', 'https://example.com/app'],
  ['/nowhere/at/all', '/nowhere/at/all'],
])('a value %p that the image does not hold stays', (value, expected) => {
  expect(runSpec(image, { env: { VALUE: value } }).env.VALUE).toBe(expected);
});

test('a file not yet there is mapped where its directory is of the image', () => {
  expect(runSpec(image, { env: { VALUE: '/app/new.db' } }).env.VALUE).toBe(join(rootfs, 'app/new.db'));
});

test('an image without any command is refused', () => {
  const empty = { ...image, config: { ...image.config, entrypoint: [], cmd: [] } };

  expect(() => runSpec(empty)).toThrow('it has neither ENTRYPOINT nor CMD');
});
