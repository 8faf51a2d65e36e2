import { expect, test } from '@jest/globals';
import { isImageRepository, isRegistryAddress, parseImage } from '../../../src/domain/registry-address.ts';

test.each([
  'ghcr.io',
  'localhost:5000',
  'mirror.example.org:65535/ghcr',
  'ghcr.io/acme/mcp_servers/a__b/c---d.e',
  '10.0.0.7:5000/x',
])('%s is the address of a registry', (text) => {
  expect(isRegistryAddress(text)).toBe(true);
});

test.each([
  '',
  'a..b',
  '.a',
  'a.',
  '-a',
  'a-.b',
  'a:',
  'a:0',
  'a:080',
  'a:99999',
  'a:65536',
  'a:1:2',
  'GHCR.io',
  'a/',
  'a//b',
  'a/..',
  'a/b..c',
  'a/_b',
  'a/B',
  'a@b',
  'https://a',
  'a\n',
  'a/b\n',
  `${'a'.repeat(64)}.b`,
  Array.from({ length: 100 }, () => 'abc').join('.'),
])('%j is none', (text) => {
  expect(isRegistryAddress(text)).toBe(false);
});

test('an image has a path', () => {
  expect(isImageRepository('ghcr.io/acme')).toBe(true);
  expect(isImageRepository('ghcr.io')).toBe(false);
});

test.each([
  ['nginx', { repository: 'nginx' }],
  ['localhost:5000/a', { repository: 'localhost:5000/a' }],
  ['localhost:5000/a:1.0', { repository: 'localhost:5000/a', tag: '1.0' }],
  [`a/b@sha256:${'0'.repeat(64)}`, { repository: 'a/b', digest: `sha256:${'0'.repeat(64)}` }],
  [`a/b:v1@sha256:${'0'.repeat(64)}`, { repository: 'a/b', tag: 'v1', digest: `sha256:${'0'.repeat(64)}` }],
  ['a/b:1:2', undefined],
  ['a/b:', undefined],
  ['a/b@sha256:0', undefined],
  ['a:99999/b', undefined],
  ['ghcr.io@evil.example/a', undefined],
  ['', undefined],
])('parseImage(%j) is %j', (text, image) => {
  expect(parseImage(text)).toEqual(image);
});
