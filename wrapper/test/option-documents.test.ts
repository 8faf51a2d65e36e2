import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { replaceOptionTables } from './option-tables.ts';

/** `UPDATE_GOLDEN=1` writes the tables anew, to be reviewed as text. */
test.each([
  ['../../docs/wrapper.md', '##'],
  ['../README.md', '###'],
] as const)('%s has the options as they are', (path, level) => {
  const url = new URL(path, import.meta.url);
  const document = readFileSync(url, 'utf8');

  const wanted = replaceOptionTables(document, level);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(url, wanted);

  expect(readFileSync(url, 'utf8')).toBe(wanted);
});
