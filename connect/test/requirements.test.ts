import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { REQUIREMENTS } from '../requirements.ts';

const TESTS = fileURLToPath(new URL('.', import.meta.url));
const CITATION = /\bverifies\(\s*('[^']*'|\[[^\]]*\])/g;

const ids: string[] = REQUIREMENTS.map(({ id }) => id);

test('each requirement has an id of its own', () => {
  expect(ids).toEqual([...new Set(ids)]);
});

test('each requirement is cited by a test', async () => {
  const cited = await readCitations();

  expect(ids.filter((id) => !cited.has(id))).toEqual([]);
});

test('tests cite requirements that exist', async () => {
  const cited = await readCitations();

  expect([...cited].filter((id) => !ids.includes(id))).toEqual([]);
});

async function readCitations(): Promise<Set<string>> {
  const files = await readdir(TESTS, { recursive: true });
  const sources = files.filter((file) => file.endsWith('.test.ts')).map((file) => readFile(join(TESTS, file), 'utf8'));
  const citations = (await Promise.all(sources)).flatMap((source) => [...source.matchAll(CITATION)]);
  return new Set(citations.flatMap(([, list = '']) => [...list.matchAll(/'([^']*)'/g)].map(([, id = '']) => id)));
}
