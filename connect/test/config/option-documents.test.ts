import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CLIENT_IDS, COMMANDS } from '../../src/commands/command-table.ts';
import { CLIENTS } from '../../src/commands/setup/clients.ts';
import { parseConfig } from '../../src/config/config-file.ts';
import { renderConfigSchema } from './config-schema.ts';
import { replaceOptionTables } from './option-tables.ts';

const DOCUMENT = new URL('../../../docs/connect.md', import.meta.url);
const README = new URL('../../README.md', import.meta.url);
const SCHEMA = new URL('../../../docs/connect-config.schema.json', import.meta.url);

/** `UPDATE_GOLDEN=1` writes the files anew, to be reviewed as text. */
function expectFile(url: URL, wanted: string): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(url, wanted);
  expect(readFileSync(url, 'utf8')).toBe(wanted);
}

function examplesOf(url: URL): string[] {
  const blocks = readFileSync(url, 'utf8').matchAll(/<!-- config -->\n+```json\n([\s\S]*?)```/g);
  return [...blocks].map(([, text = '']) => text);
}

test('docs/connect.md has the options as they are', () => {
  expectFile(DOCUMENT, replaceOptionTables(readFileSync(DOCUMENT, 'utf8')));
});

test('docs/connect.md has every command and every client', () => {
  const document = readFileSync(DOCUMENT, 'utf8');

  for (const command of Object.keys(COMMANDS)) expect(document).toContain(`mcp-connect ${command}`);
  for (const id of CLIENT_IDS) expect(document).toContain(`| \`${id}\` | ${CLIENTS[id].title} |`);
});

test('schema of the config file is that of the options', () => {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(SCHEMA, renderConfigSchema());
  expect(JSON.parse(readFileSync(SCHEMA, 'utf8'))).toEqual(JSON.parse(renderConfigSchema()));
});

test('examples of the documents fit the schema and the parser', async () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(renderConfigSchema()));
  const examples = [DOCUMENT, README].flatMap(examplesOf);

  expect(examples.length).toBeGreaterThanOrEqual(2);
  for (const example of examples) {
    expect(validate(JSON.parse(example))).toBe(true);
    await parseConfig(example, 'example');
  }
});

test.each([
  ['{"colour":"red"}'],
  ['{"patienceMs":-1}'],
  ['{"transport":"pigeon"}'],
  ['{"keys":{"a":1}}'],
  ['{"servers":{"a":{"key":"x"}}}'],
  ['{"header":["no colon"]}'],
])('schema and parser both refuse %s', async (text) => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(renderConfigSchema()));

  expect(validate(JSON.parse(text))).toBe(false);
  await expect(parseConfig(text, 'c.json')).rejects.toThrow('Cannot use c.json');
});
