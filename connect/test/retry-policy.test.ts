import { expect, test } from '@jest/globals';
import type { RemoteFailure } from '../src/bridge/remote-failure.ts';
import { pauseBeforeRetry } from '../src/bridge/retry-policy.ts';

const NOW = new Date('2026-07-28T12:00:00Z');

function http(status: number, retryAfter?: string): RemoteFailure {
  const nothing = { contentType: '', location: undefined, wwwAuthenticate: undefined, detail: '', rpcError: undefined };
  return { kind: 'http', status, retryAfter, ...nothing };
}

function pauseAfter(failure: RemoteFailure, more: Partial<Parameters<typeof pauseBeforeRetry>[0]> = {}): unknown {
  const usual = { isRepeatable: true, isKnown: true, attempts: 1, elapsedMs: 0, patienceMs: 50_000, now: NOW };
  return pauseBeforeRetry({ failure, ...usual, ...more });
}

const REFUSED: RemoteFailure = { kind: 'network', code: 'ECONNREFUSED', wasSent: false };
const UNKNOWN_NAME: RemoteFailure = { kind: 'network', code: 'ENOTFOUND', wasSent: false };
const RESET: RemoteFailure = { kind: 'network', code: 'ETIMEDOUT', wasSent: true };
const UNTRUSTED: RemoteFailure = { kind: 'network', code: 'CERT_HAS_EXPIRED', wasSent: false };

test.each([
  ['nothing listens', REFUSED, {}, 100],
  ['nothing listens, for the fourth time', REFUSED, { attempts: 4 }, 800],
  ['nothing listens, for long', REFUSED, { attempts: 40 }, 3_000],
  ['nothing listens, at the end of patience', REFUSED, { elapsedMs: 49_950 }, undefined],
  ['nothing listens, and the request must not be repeated', REFUSED, { isRepeatable: false }, 100],
  ['the answer was lost', { kind: 'unanswered' }, {}, 100],
  [
    'the answer was lost, and the request must not be repeated',
    { kind: 'unanswered' },
    { isRepeatable: false },
    undefined,
  ],
  ['it timed out, and the request must not be repeated', RESET, { isRepeatable: false }, undefined],
  ['the name of a known endpoint is unknown', UNKNOWN_NAME, {}, 100],
  ['the name of a new endpoint is unknown', UNKNOWN_NAME, { isKnown: false }, undefined],
  ['the certificate is bad', UNTRUSTED, {}, undefined],
  ['a known endpoint is not found', http(404), { isRepeatable: false }, 100],
  ['a known endpoint is not found for 20 s', http(404), { elapsedMs: 20_000 }, undefined],
  ['a new endpoint is not found', http(404), { isKnown: false }, undefined],
  ['a web page comes from a known endpoint', { kind: 'bad-answer', detail: '' }, {}, 100],
  ['a web page comes from a new endpoint', { kind: 'bad-answer', detail: '' }, { isKnown: false }, undefined],
  ['the key is refused', http(401), {}, undefined],
  ['somebody refused to sign in', { kind: 'sign-in', state: '', cure: '', isLasting: true }, {}, undefined],
  ['the authorization server does not answer', { kind: 'sign-in', state: '', cure: '', isLasting: false }, {}, 100],
  ['the server is busy until later', http(503, '2'), { isRepeatable: false }, 2_000],
  ['the server is busy until a date', http(429, 'Tue, 28 Jul 2026 12:00:07 GMT'), {}, 7_000],
  ['the server is busy, and always says to come back at once', http(503, '0'), { attempts: 4 }, 800],
  ['the server is busy until a date that is past', http(429, 'Wed, 21 Oct 2015 07:28:00 GMT'), {}, 100],
  ['the server is busy, and says until when in no known way', http(503, '-5'), { attempts: 2 }, 200],
  ['the server is busy for longer than anybody waits', http(503, '60'), {}, undefined],
  ['a gateway lost the server, and the request must not be repeated', http(502), { isRepeatable: false }, undefined],
  ['the address has moved for good', http(308), {}, undefined],
] as [string, RemoteFailure, object, number | undefined][])('the pause when %s', (_name, failure, more, expected) => {
  expect(pauseAfter(failure, more)).toBe(expected);
});
