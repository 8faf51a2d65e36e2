import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chooseEngine } from '../../sandbox/choose-engine.ts';
import { writeEngineRecord } from '../../sandbox/engine-record.ts';

let dataDir: string;
let server: Server | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'choose-engine-'));
});

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  await rm(dataDir, { recursive: true });
});

/** Something that answers as an engine does, with these images. @returns its DOCKER_HOST */
async function engineWith(images: readonly string[]): Promise<{ DOCKER_HOST: string }> {
  server = createServer((request, response) => {
    const image = /^\/v1\.41\/images\/(.+)\/json$/.exec(request.url ?? '')?.[1];
    const isThere = request.url === '/version' || (image !== undefined && images.includes(image));
    response.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isThere ? { Version: '20.10.24', ApiVersion: '1.41' } : { message: 'No such image' }));
  });
  const path = join(dataDir, 'e.sock');
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return { DOCKER_HOST: `unix://${path}` };
}

const everything = ['node:24-bookworm-slim', 'registry:2'];
const nowhere = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };

test('Nobody gets Docker who did not ask for it', async () => {
  expect(await chooseEngine(undefined, { dataDir, env: await engineWith(everything) })).toEqual({});
  expect(await chooseEngine('none', { dataDir, env: nowhere })).toEqual({});
});

test('docker is used where it answers, and is an error where it does not', async () => {
  const env = await engineWith([]);

  const chosen = await chooseEngine('docker', { dataDir, env });
  expect(chosen).toEqual({ engine: expect.objectContaining({ address: env.DOCKER_HOST, version: '20.10.24' }) });
  await expect(chooseEngine('docker', { dataDir, env: nowhere })).rejects.toMatchObject({
    code: 'engine-missing',
    message: expect.stringContaining('nothing answers at unix:///nonexistent/docker.sock'),
  });
});

test('auto takes Docker where nothing has to be fetched, and says why where it does not', async () => {
  const ready = await chooseEngine('auto', { dataDir, env: await engineWith(everything) });
  await new Promise((resolve) => server?.close(resolve));
  const bare = await chooseEngine('auto', { dataDir, env: await engineWith(['registry:2']) });
  const gone = await chooseEngine('auto', { dataDir, env: nowhere });

  expect(ready.engine?.version).toBe('20.10.24');
  expect(bare).toEqual({
    note: 'Without Docker: the engine does not have node:24-bookworm-slim yet; npm start -- --engine docker fetches it',
  });
  expect(gone).toEqual({ note: expect.stringContaining('Without Docker: nothing answers at') });
});

test('A start with Docker that came to nothing does not bind the next one', async () => {
  await writeEngineRecord(dataDir, { address: nowhere.DOCKER_HOST });

  expect(await chooseEngine(undefined, { dataDir, env: nowhere })).toEqual({});
  expect(await chooseEngine('none', { dataDir, env: nowhere })).toEqual({});
});

test.each([
  ['docker', 'none'],
  ['none', 'docker'],
] as const)('State made with %s keeps to it, and refuses %s', async (held, other) => {
  const env = await engineWith([]);
  if (held === 'docker') await writeEngineRecord(dataDir, { address: env.DOCKER_HOST, registry: '127.0.0.1:5000' });
  else await mkdir(join(dataDir, 'images'));

  for (const asked of [undefined, 'auto', held] as const) {
    const { engine } = await chooseEngine(asked, { dataDir, env });
    expect(engine === undefined ? 'none' : 'docker').toBe(held);
  }
  await expect(chooseEngine(other, { dataDir, env })).rejects.toMatchObject({
    code: 'engine-differs',
    hint: expect.stringContaining(`--engine ${held}`),
  });
});
