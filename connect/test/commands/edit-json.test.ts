import { expect, test } from '@jest/globals';
import { parse } from 'jsonc-parser';
import { editJson } from '../../src/commands/setup/edit-json.ts';

function add(text: string): string {
  const outcome = editJson({ text, section: 's', name: 'n', value: { a: [1] }, allowComments: true });
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.text;
}

test.each([
  ['', '{\n  "s": {\n    "n": {\n      "a": [\n        1\n      ]\n    }\n  }\n}\n'],
  [
    '{\n  "x": 1 // note\n}\n',
    '{\n  "x": 1, // note\n  "s": {\n    "n": {\n      "a": [\n        1\n      ]\n    }\n  }\n}\n',
  ],
  [
    '{\n\t"s": {\n\t\t"m": {"b" : 2},\n\t\t/* end, */\n\t}\n}',
    '{\n\t"s": {\n\t\t"m": {"b" : 2},\n\t\t/* end, */\n\t\t"n": {\n\t\t\t"a": [\n\t\t\t\t1\n\t\t\t]\n\t\t},\n\t}\n}',
  ],
  [
    '{\n\t"s": {\n\t\t"m": {"b" : 2} /* end, */\n\t}\n}',
    '{\n\t"s": {\n\t\t"m": {"b" : 2}, /* end, */\n\t\t"n": {\n\t\t\t"a": [\n\t\t\t\t1\n\t\t\t]\n\t\t}\n\t}\n}',
  ],
])('entry is added to %j and the rest stays letter by letter', (text, wanted) => {
  expect(add(text)).toBe(wanted);
});

test.each([['{"x":1}'], ['{"s":{"m":{}}}'], ['{"s":{"m":{}},\n"x":2}'], ['\uFEFF{ }'], ['{"s":{"n":5,"m":"}"}}']])(
  'entry is added to %j',
  (text) => {
    const before = parse(text.replace('\uFEFF', ''));

    const after = add(text);

    expect(after.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
    expect(parse(after.replace('\uFEFF', ''))).toEqual({ ...before, s: { ...before.s, n: { a: [1] } } });
  },
);
