import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('README lists every reason for a refusal', () => {
  const source = readFileSync(new URL('../src/http/refusal.ts', import.meta.url), 'utf8');

  const reasons = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, reason]) => reason);

  expect(reasons.length).toBeGreaterThan(10);
  for (const reason of reasons) expect(README).toContain(`\`${reason}\``);
});
