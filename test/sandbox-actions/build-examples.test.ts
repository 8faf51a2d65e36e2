import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runSpec } from '../../sandbox/images/run-spec.ts';
import { askServer, type BuildBench, createBuildBench } from './image-fixtures.ts';

const root = join(import.meta.dirname, '../..');
let bench: BuildBench;

beforeAll(async () => {
  bench = await createBuildBench();
});

afterAll(() => bench.close());

async function buildExample(name: string) {
  const dockerfile = await readFile(join(root, 'templates/node.Dockerfile'), 'utf8');
  const dockerIgnore = 'node_modules\n';
  return bench.build({ context: join(root, 'examples', name), dockerfile, dockerIgnore });
}

test('examples/hello is built and answers when started as its image says', async () => {
  const image = await bench.image(await buildExample('hello'));

  const spec = runSpec(image, { command: ['node', '/app/src/server.ts'] });
  const listed = await askServer(spec, 'tools/list');
  const called = await askServer(spec, 'tools/call', { name: 'add', arguments: { a: 2, b: 40 } });

  expect((listed.tools as { name: string }[]).map((tool) => tool.name)).toEqual(['greet', 'add']);
  expect(called.structuredContent).toEqual({ sum: 42 });
  expect(image.config).toMatchObject({
    entrypoint: ['node', '--max-semi-space-size=8', '--no-parallel-scavenge', '/opt/mcp-wrapper/bin/mcp-wrapper.js'],
    workingDir: '/app',
  });
});

test('examples/everything is built and answers when started as its image says', async () => {
  const image = await bench.image(await buildExample('everything'));
  const server = '/app/node_modules/@modelcontextprotocol/server-everything/dist/index.js';

  const listed = await askServer(runSpec(image, { command: ['node', server] }), 'tools/list');

  expect((listed.tools as { name: string }[]).map((tool) => tool.name)).toContain('echo');

  const byName = await askServer(runSpec(image, { command: ['mcp-server-everything'] }), 'tools/list');

  expect(byName.tools).toEqual(listed.tools);
});

test('the same example again is known at once', async () => {
  const first = await buildExample('hello');
  const second = await buildExample('hello');

  expect(second).toEqual({ digest: first.digest, cached: true });
});
