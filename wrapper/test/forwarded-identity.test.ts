import { expect, test } from '@jest/globals';
import { allowedEnvironment } from '../src/door/allowed-environment.ts';
import { childEnvironment, childMeta, dropReservedMeta } from '../src/door/forwarded-identity.ts';
import type { Principal } from '../src/door/principal.ts';

const KIM: Principal = { id: 'abc', kind: 'token', subject: 'kim', scopes: ['read', 'write'] };
const HEADERS = { 'x-tenant': 'acme', 'x-empty': '', authorization: 'Bearer secret', cookie: 'a=b', host: 'h' };
const NOTHING = { forwardHeaders: [], forwardPrincipal: false };

test('server is told nothing unless asked for', () => {
  expect(childMeta(KIM, HEADERS, NOTHING)).toBeUndefined();
  expect(childEnvironment(KIM, HEADERS, NOTHING)).toEqual({});
  expect(childMeta(KIM, HEADERS, { forwardHeaders: ['x-other'], forwardPrincipal: false })).toBeUndefined();
});

test('server is told the principal and the selected headers, never credentials', () => {
  const options = { forwardHeaders: ['x-tenant', 'authorization', 'cookie', 'x-other'], forwardPrincipal: true };

  expect(childMeta(KIM, HEADERS, options)).toEqual({
    'dev.mcp-hosting/principal': { id: 'abc', kind: 'token', subject: 'kim', scopes: ['read', 'write'] },
    'dev.mcp-hosting/headers': { 'x-tenant': 'acme' },
  });
  expect(childEnvironment(KIM, HEADERS, options)).toEqual({
    MCP_PRINCIPAL_ID: 'abc',
    MCP_PRINCIPAL_KIND: 'token',
    MCP_PRINCIPAL_SUBJECT: 'kim',
    MCP_PRINCIPAL_SCOPES: 'read write',
    MCP_HEADER_X_TENANT: 'acme',
  });
});

test('header longer than the limit is left out', () => {
  const options = { forwardHeaders: ['x-tenant'], forwardPrincipal: false };

  expect(childMeta(KIM, { 'x-tenant': 'x'.repeat(5000) }, options)).toBeUndefined();
});

test('client cannot speak for the wrapper in _meta', () => {
  const honest = { progressToken: 1, 'com.example/dev.mcp-hosting/principal': 1 };

  expect(dropReservedMeta({ ...honest, 'dev.mcp-hosting/principal': { id: 'admin' } })).toEqual(honest);
  expect(dropReservedMeta(honest)).toBe(honest);
});

const ENV = {
  PATH: '/bin',
  LC_ALL: 'C',
  API_KEY: 'a',
  APP_MODE: 'b',
  APP_KEY: 'c',
  APPLE: 'd',
  MCP_WRAPPER_KEY_SHA256: 'e',
  AWS_SECRET_ACCESS_KEY: 'f',
  GONE: undefined,
};

test.each([
  [[], ['LC_ALL', 'PATH']],
  [
    ['API_KEY', 'APP_*'],
    ['API_KEY', 'APP_KEY', 'APP_MODE', 'LC_ALL', 'PATH'],
  ],
  [['*'], ['API_KEY', 'APPLE', 'APP_KEY', 'APP_MODE', 'AWS_SECRET_ACCESS_KEY', 'LC_ALL', 'PATH']],
  [
    ['MCP_WRAPPER_KEY_SHA256', 'MCP_*'],
    ['LC_ALL', 'PATH'],
  ],
])('server’s environment with --child-env %j holds %j', (allowed, names) => {
  const { env, withheld } = allowedEnvironment(ENV, allowed);

  expect(Object.keys(env).sort()).toEqual(names);
  expect([...names, ...withheld, 'MCP_WRAPPER_KEY_SHA256', 'GONE'].sort()).toEqual(Object.keys(ENV).sort());
});
