import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createServerId, isServerId } from '../../../src/domain/server-id.ts';

const zeros = (count: number) => new Uint8Array(count);

test.each([
  ['Stripe', 'stripe-222222'],
  ['hello-server', 'hello-server-222222'],
  ['@acme/Weather  Server!', 'acme-weather-server-222222'],
  ['Zürich Café', 'zurich-cafe-222222'],
  ['--a--', 'a-222222'],
  ['xn--bcher-kva', 'xn-bcher-kva-222222'],
  ['天気', 'server-222222'],
  ['', 'server-222222'],
  ['a'.repeat(100), `${'a'.repeat(43)}-222222`],
  [`${'a'.repeat(42)}-b`, `${'a'.repeat(42)}-222222`],
  ['../../etc/passwd\n', 'etc-passwd-222222'],
])('createServerId makes of %j the id %s', (name, expected) => {
  expect(createServerId({ name, randomBytes: zeros })).toBe(expected);
});

test('createServerId gives a server id whatever the name', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.uint8Array({ minLength: 6, maxLength: 6 }),
      (name, bytes) => {
        const id = createServerId({ name, randomBytes: (count) => bytes.map((byte) => byte % 248).slice(0, count) });
        expect(isServerId(id)).toBe(true);
        expect(id).not.toMatch(/--|^xn-$/);
      },
    ),
  );
});

test('createServerId draws again for bytes that would favour some letters', () => {
  const draws = [
    [255, 248, 250, 251, 252, 0],
    [1, 254, 2, 3, 4, 5],
  ];

  const id = createServerId({ name: 'a', randomBytes: () => Uint8Array.from(draws.shift() ?? []) });

  expect(id).toBe('a-234567');
});

test('createServerId uses every letter of its alphabet about equally', () => {
  const counts = new Map<string, number>();
  for (let index = 0; index < 5_000; index++) {
    const digest = createHash('sha256').update(String(index)).digest();
    for (const letter of createServerId({ name: 'a', randomBytes: (count) => digest.subarray(0, count * 2) }).slice(
      2,
    )) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
  }

  expect([...counts.keys()].sort().join('')).toBe('23456789abcdefghjkmnpqrstuvwxyz');
  expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(1.3);
});

test('createServerId gives up on a broken source of randomness', () => {
  expect(() => createServerId({ name: 'a', randomBytes: (count) => new Uint8Array(count).fill(255) })).toThrow(
    'Cannot draw a server id',
  );
});

test.each(['stripe-abc123', 'a-222222', `${'a'.repeat(43)}-222222`, 'a--b-222222', '0-000000'])(
  'isServerId takes %s',
  (text) => {
    expect(isServerId(text)).toBe(true);
  },
);

test.each([
  '',
  'stripe',
  '-222222',
  '--222222',
  'a-22222',
  'a-2222222',
  'A-222222',
  'a_b-222222',
  'a-222222\n',
  '../a-222222',
  'a.b-222222',
  `${'a'.repeat(44)}-222222`,
])('isServerId refuses %j', (text) => {
  expect(isServerId(text)).toBe(false);
});
