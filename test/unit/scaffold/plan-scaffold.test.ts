import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeText } from '../../../src/domain/scaffold/merge-text.ts';
import { planScaffold } from '../../../src/domain/scaffold/plan-scaffold.ts';
import { parseScaffoldRecord, writeScaffoldRecord } from '../../../src/domain/scaffold/scaffold-record.ts';

const plan = (
  base: string | undefined,
  present: string | undefined,
  wanted: string | undefined,
  path = 'base/x.yaml',
) => {
  const side = (text: string | undefined) => (text === undefined ? {} : { [path]: text });
  const { files, conflicts } = planScaffold({ base: side(base), present: side(present), wanted: side(wanted) });
  return { text: files[path], reason: conflicts[0]?.reason };
};

test.each([
  ['new', undefined, undefined, 'new', { text: 'new' }],
  ['there already', undefined, 'same', 'same', { text: 'same' }],
  ['unchanged', 'a', 'a', 'a', { text: 'a' }],
  ['new version', 'a', 'a', 'b', { text: 'b' }],
  ['people changed it', 'a', 'mine', 'a', { text: 'mine' }],
  ['both made the same change', 'a', 'b', 'b', { text: 'b' }],
  ['people removed it', 'a', undefined, 'a', {}],
  ['no longer needed', 'a', 'a', undefined, {}],
  ['no longer needed and removed', 'a', undefined, undefined, {}],
  ['foreign file of that name', undefined, 'theirs', 'ours', { text: 'theirs', reason: 'not-ours' }],
  ['removed, and changed here', 'a', undefined, 'b', { reason: 'removed' }],
  ['changed, and no longer needed', 'a', 'mine', undefined, { text: 'mine', reason: 'obsolete' }],
  ['both changed one line', 'a', 'mine', 'b', { text: 'mine', reason: 'lines' }],
])('%s', (_name, base, present, wanted, expected) => {
  expect(plan(base, present, wanted)).toEqual({ text: undefined, reason: undefined, ...expected });
});

test.each([
  ['unchanged', 'a\nb\nc\n', 'a\r\nb\r\nc\r\n', 'a\nb\nC\n', { text: 'a\r\nb\r\nC\r\n' }],
  ['changed elsewhere', 'a\nb\nc\n', 'A\r\nb\r\nc\r\n', 'a\nb\nC\n', { text: 'A\r\nb\r\nC\r\n' }],
  ['removed here', 'a\n', 'a\r\n', undefined, { text: undefined }],
  ['as wanted already', undefined, 'a\r\n', 'a\n', { text: 'a\r\n' }],
])('line ends of Windows are no change of their own: %s', (_name, base, present, wanted, expected) => {
  expect(plan(base, present, wanted)).toEqual({ reason: undefined, ...expected });
});

test("GitHub's own first README gives way, one that somebody wrote does not", () => {
  expect(plan(undefined, '# deployments\n\nOur servers\n', '# New\n', 'README.md')).toMatchObject({ text: '# New\n' });
  expect(plan(undefined, '', '# New\n', 'README.md')).toMatchObject({ text: '# New\n' });
  expect(plan(undefined, '# deployments\n\nOne\n\nTwo\n', '# New\n', 'README.md')).toMatchObject({
    reason: 'not-ours',
  });
  expect(plan(undefined, '# deployments\n', 'x\n', 'base/README.md')).toMatchObject({ reason: 'not-ours' });
});

test('changes of both sides in different places come together', () => {
  const base = 'one\ntwo\nthree\nfour\nfive\n';

  const merged = mergeText({
    base,
    present: base.replace('one', 'ONE'),
    wanted: base.replace('five', 'FIVE'),
  });

  expect(merged).toEqual({ text: 'ONE\ntwo\nthree\nfour\nFIVE\n', conflicts: [] });
});

test('of a conflict people keep their lines, and see all three versions; the rest of the file is brought up to date', () => {
  const base = 'one\ntwo\nthree\nfour\nfive\n';

  const merged = mergeText({
    base,
    present: base.replace('two', 'mine'),
    wanted: base.replace('two', 'ours').replace('five', 'FIVE'),
  });

  expect(merged.text).toBe('one\nmine\nthree\nfour\nFIVE\n');
  expect(merged.conflicts).toEqual([{ base: ['two'], present: ['mine'], wanted: ['ours'] }]);
});

const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));

test('no line of people is ever lost, and a second run has nothing to do', () => {
  fc.assert(
    fc.property(text, text, text, (base, present, wanted) => {
      const once = planScaffold({ base: { f: base }, present: { f: present }, wanted: { f: wanted } });
      const twice = planScaffold({ base: { f: wanted }, present: once.files, wanted: { f: wanted } });

      expect(twice).toEqual({ files: once.files, conflicts: [] });
      if (wanted === base) expect(once.files.f).toBe(present);
      if (present === base) expect(once.files.f).toBe(wanted);
    }),
  );
});

test('the record gives back what it was given', () => {
  const record = {
    version: '1.2.3',
    options: { domain: 'a.example', servers: 5, codeOwners: ['@a/b'] },
    files: { 'a/b': 'x\n' },
  };

  expect(parseScaffoldRecord(writeScaffoldRecord(record))).toEqual(record);
  expect(parseScaffoldRecord(undefined)).toBeUndefined();
});

test('options of a wrong type in the record are left out', () => {
  const record = {
    version: '1',
    options: { domain: 5, codeOwners: [{}], servers: 'x', other: 1, route: 'ingress' },
    files: {},
  };

  expect(parseScaffoldRecord(JSON.stringify(record))?.options).toEqual({ route: 'ingress' });
});

test.each([
  'no JSON',
  '[]',
  '{"version":"1","options":{}}',
  '{"version":"1","options":{},"files":{"../../etc/passwd":"x"}}',
  '{"version":"1","options":{},"files":{"/etc/passwd":"x"}}',
  '{"version":"1","options":{},"files":{".git/config":"x"}}',
  '{"version":"1","options":{},"files":{"a":5}}',
])('a record that is none is refused: %s', (record) => {
  expect(() => parseScaffoldRecord(record)).toThrow(expect.objectContaining({ code: 'scaffold-record-invalid' }));
});
