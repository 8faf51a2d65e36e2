import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parseDeploymentsPolicy } from '../../../src/domain/parse-deployments-policy.ts';

test.each([
  [null, 'review'],
  ['', 'review'],
  ['# nothing\n', 'review'],
  ['merge: review', 'review'],
  ['merge: auto # our test cluster\n', 'auto'],
])('parseDeploymentsPolicy(%j) is %s', (text, merge) => {
  expect(parseDeploymentsPolicy(text)).toEqual({ ok: true, policy: { merge } });
});

test.each<[string, number, string]>([
  [
    'merge: automatic',
    1,
    'Cannot use merge: it is "automatic", expected "review" (people merge) or "auto" (mcp-hosting merges at once)',
  ],
  [
    'merge:',
    1,
    'Cannot use merge: it is empty, expected "review" (people merge) or "auto" (mcp-hosting merges at once)',
  ],
  ['merge: auto\nmerges: auto', 2, 'Cannot use the key "merges": it is unknown, expected "merge"'],
  [
    'merge: auto\nmerge: review',
    2,
    'Cannot read mcp-hosting.yml: the key "merge" stands twice in one mapping, expected once',
  ],
  ['- merge', 1, 'Cannot read mcp-hosting.yml: its content is a list, expected a mapping of keys to values'],
  ['merge: &a auto', 1, 'Cannot read mcp-hosting.yml: an anchor (&name) is used, expected the plain value'],
])('parseDeploymentsPolicy refuses %j', (text, line, message) => {
  expect(parseDeploymentsPolicy(text)).toMatchObject({ ok: false, problems: [{ line, endLine: line, message }] });
});

test('the published schema is valid, and so are its examples', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../docs/deployments-policy.schema.json', import.meta.url), 'utf8'),
  );
  const validate = new Ajv().compile(schema);

  expect(schema.examples.map((example: unknown) => validate(example))).toEqual([true, true]);
});
