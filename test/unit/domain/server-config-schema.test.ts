import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { parseServerConfig } from '../../../src/domain/parse-server-config.ts';

interface Schema {
  title?: string;
  description?: string;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  $ref?: string;
}

const schema: Schema = JSON.parse(
  readFileSync(new URL('../../../docs/server-config.schema.json', import.meta.url), 'utf8'),
);

function nodesOf(node: Schema, path: string): [string, Schema][] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, child]) => nodesOf(child, `${path}.${key}`));
  return [[path, node], ...inner, ...(node.items ? nodesOf(node.items, `${path}[]`) : [])];
}

test.each(nodesOf(schema, '$').filter(([, node]) => node.$ref === undefined))(
  'the published schema explains %s',
  (_, { title, description }) => {
    expect(title).toMatch(/\S/);
    expect(description).toMatch(/\S/);
  },
);

test.each(
  Object.entries(schema.properties ?? {}).flatMap(([key, { examples }]) =>
    (examples ?? [undefined]).map((example) => ({ key, example })),
  ),
)('the example of $key is accepted', ({ key, example }) => {
  expect(example).toBeDefined();
  expect(parseServerConfig(stringify({ [key]: example }))).toMatchObject({ ok: true });
});

test('the example of the whole file is accepted', () => {
  expect(schema.examples).toHaveLength(1);
  expect(parseServerConfig(stringify(schema.examples?.[0]))).toMatchObject({ ok: true });
});
