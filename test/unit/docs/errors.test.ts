import { describe, expect, test } from '@jest/globals';
import { codesOfErrors, codesOfObjects, errorsWithoutCode } from './error-codes.ts';
import { projectFiles, readProjectFile } from './project-files.ts';

const errorFiles = projectFiles(/^(src|sandbox|connect\/src)\/.*\.ts$/);
/** The sandbox's GitHub has objects with GitHub's own codes. */
const objectFiles = projectFiles(/^src\/.*\.ts$/);

const page = readProjectFile('docs/errors.md');
const rows = [...page.matchAll(/^\| <a id="([^"]+)"><\/a>`([^`]+)` \| (.+) \| (.+) \|$/gm)];
const documented = rows.map(([, , code = '']) => code);

const inSource = new Set([
  ...errorFiles.flatMap((path) => codesOfErrors(readProjectFile(path))),
  ...objectFiles.flatMap((path) => codesOfObjects(readProjectFile(path))),
]);

test('every code of the source stands in docs/errors.md', () => {
  expect(inSource.size).toBeGreaterThan(80);
  expect([...inSource].filter((code) => !documented.includes(code))).toEqual([]);
});

test('every code of docs/errors.md stands in the source', () => {
  expect(documented.filter((code) => !inSource.has(code))).toEqual([]);
});

test('a code is explained once, under an anchor of its name', () => {
  expect(rows.length).toBe(page.match(/<a id=/g)?.length);
  expect(documented.filter((code, index) => documented.indexOf(code) !== index)).toEqual([]);
  expect(rows.filter(([, anchor, code]) => anchor !== code)).toEqual([]);
});

test('errors are made with literal codes', () => {
  const without = errorFiles.flatMap((path) =>
    errorsWithoutCode(readProjectFile(path)).map((text) => `${path}: ${text}`),
  );

  expect(without).toEqual([]);
});

describe('the scan of the source', () => {
  test.each([
    ["new UserError('one-code', `Cannot`, 'Hint')", ['one-code']],
    ["new SetupError(\n  'one-code',\n  'some-text',\n  'x')", ['one-code']],
    ["new UserError(\n  bad ? 'one-code' : 'other-code',\n  'some-text', '')", ['one-code', 'other-code']],
    ["new UserError(typeof code === 'string' ? code : 'one-code', '', '')", ['one-code']],
    ["new Error('some-text', {})", []],
  ])('reads %j', (source, codes) => {
    expect(codesOfErrors(source)).toEqual(codes);
  });

  test.each([
    ["{ code: 'one-code', message: 'some-text' }", ['one-code']],
    ["{ code: cancelled ? 'one-code' : 'other-code', message }", ['one-code', 'other-code']],
    ["problem: { code: 'one-code' | 'other-code'; message: string }", ['one-code', 'other-code']],
    ['{ code: error.code, status: 1 }', []],
    ["code: { type: 'string' }", []],
  ])('reads %j', (source, codes) => {
    expect(codesOfObjects(source)).toEqual(codes);
  });

  test('finds an error whose code is no literal', () => {
    expect(errorsWithoutCode("new UserError(code, 'some-text', '')")).toEqual(['code']);
  });
});
