import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EngineClient } from '../../sandbox/docker/engine-client.ts';
import { findRegistry, startRegistry } from '../../sandbox/docker/local-registry.ts';

let bin: string;

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'local-registry-'));
  await writeFile(join(bin, 'docker-registry'), '#!/bin/sh\n', { mode: 0o755 });
});

afterAll(() => rm(bin, { recursive: true }));

/** An engine with these images that says this of itself, and has no way to Docker Hub. */
function engineWith(images: readonly string[], info: object): EngineClient {
  return {
    async request(_method, path) {
      if (path === '/info') return { status: 200, body: info };
      return { status: images.some((image) => path === `/images/${image}/json`) ? 200 : 404, body: {} };
    },
    async stream() {
      throw new Error('no such host');
    },
  };
}

const plain = { OperatingSystem: 'Debian GNU/Linux 12', SecurityOptions: ['name=seccomp,profile=default'] };

test('The registry is an image that the engine has, the newest first', async () => {
  expect(await findRegistry(engineWith(['registry:2'], plain), bin)).toEqual({ image: 'registry:2' });
  expect(await findRegistry(engineWith(['registry:2', 'registry:3'], plain), bin)).toEqual({ image: 'registry:3' });
});

test.each([
  ['of this machine', plain, process.platform === 'linux'],
  ['without root', { ...plain, SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }, false],
  ['in a virtual machine', { ...plain, OperatingSystem: 'Docker Desktop' }, false],
])('The program on PATH is taken for an engine %s only where that reaches it', async (_what, info, isTaken) => {
  const found = await findRegistry(engineWith([], info), bin);

  expect(found).toEqual(isTaken ? { program: join(bin, 'docker-registry') } : undefined);
  expect(await findRegistry(engineWith([], info), '/nonexistent')).toBeUndefined();
});

test('With neither, and no way to Docker Hub, it says what to install', async () => {
  const engine = engineWith([], { OperatingSystem: 'Docker Desktop' });

  const starting = startRegistry({ engine, dir: join(bin, 'registry'), labels: {}, log: () => undefined });

  await expect(starting).rejects.toMatchObject({
    code: 'registry-missing',
    message: expect.stringContaining('no such host'),
    hint: expect.stringContaining('apt-get install docker-registry'),
  });
});
