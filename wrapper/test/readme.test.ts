import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { flagOf, OPTIONS } from '../src/options.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('README lists every option with its default', () => {
  const rows = [...README.matchAll(/^\| `(--[a-z0-9-]+)` +\| (\S+) +\|/gm)].map(([, flag, value]) => [flag, value]);

  const options = Object.entries(OPTIONS).map(([name, { defaultValue }]) => {
    return [flagOf(name), Array.isArray(defaultValue) ? 'none' : String(defaultValue)];
  });

  expect(rows).toEqual(options);
});

test('README lists every reason for a refusal', () => {
  const source = readFileSync(new URL('../src/http/refusal.ts', import.meta.url), 'utf8');

  const reasons = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, reason]) => reason);

  expect(reasons.length).toBeGreaterThan(10);
  for (const reason of reasons) expect(README).toContain(`\`${reason}\``);
});
