import { expect, test } from '@jest/globals';
import { mirrorReference } from '../../sandbox/docker/mirror-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  [`ghcr.io/acme/x@${digest}`, `127.0.0.1:5000/ghcr.io/acme/x@${digest}`],
  [`ghcr.io/acme/x:1.0@${digest}`, `127.0.0.1:5000/ghcr.io/acme/x@${digest}`],
  ['ghcr.io/acme/x:1.0', '127.0.0.1:5000/ghcr.io/acme/x:1.0'],
  ['reg.example:8443/x', '127.0.0.1:5000/reg.example_8443/x:latest'],
  ['localhost/x', '127.0.0.1:5000/localhost/x:latest'],
  ['acme/x', '127.0.0.1:5000/docker.io/acme/x:latest'],
  ['node:24', '127.0.0.1:5000/docker.io/library/node:24'],
])('%s is kept as %s', (reference, kept) => {
  expect(mirrorReference(reference, '127.0.0.1:5000')?.reference).toBe(kept);
});

test.each(['', 'UPPER/case', 'x@sha256:12', 'a b'])('"%s" is no image', (reference) => {
  expect(mirrorReference(reference, '127.0.0.1:5000')).toBeUndefined();
});
