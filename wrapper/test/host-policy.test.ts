import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { HostPolicy, type HostPolicyOptions } from '../src/door/host-policy.ts';

/** Whether a request with these headers gets past both checks. */
function passes(options: Partial<HostPolicyOptions>, headers: { host?: string; origin?: string }): boolean {
  const policy = new HostPolicy({ allowedHosts: [], allowedOrigins: [], publicUrl: '', isLoopback: false, ...options });
  const req = { headers } as IncomingMessage;
  try {
    policy.checkHost(req);
    policy.checkOrigin(req);
    return true;
  } catch {
    return false;
  }
}

const PUBLIC = { publicUrl: 'https://hello.mcp.example.com/mcp' };

test.each([
  ['its host beside those allowed', { ...PUBLIC, allowedHosts: ['other'] }, { host: 'hello.mcp.example.com' }, true],
  ['no third host', { ...PUBLIC, allowedHosts: ['other'] }, { host: 'third' }, false],
  ['its host on loopback', { ...PUBLIC, isLoopback: true }, { host: 'hello.mcp.example.com' }, true],
  ['local names on loopback', { ...PUBLIC, isLoopback: true }, { host: 'localhost:3000' }, true],
  ['no third host on loopback', { ...PUBLIC, isLoopback: true }, { host: 'third' }, false],
  ['any host where none is named', PUBLIC, { host: '10.0.0.1:3000' }, true],
  ['pages of its origin', PUBLIC, { host: 'x', origin: 'https://hello.mcp.example.com' }, true],
  ['no pages of its host by another scheme', PUBLIC, { host: 'x', origin: 'http://hello.mcp.example.com' }, false],
  ['no other pages', PUBLIC, { host: 'x', origin: 'https://evil.example.com' }, false],
])('public URL lets in %s', (_name, options, headers, isIn) => {
  expect(passes(options, headers)).toBe(isIn);
});

test.each([
  'evil.example.com',
  'localhost.evil.example.com',
  '127.0.0.1.evil.example.com',
  'evil.example.com@localhost',
  'localhost@evil.example.com',
  'localhost/..',
  'localhost?',
  'localhost/',
  'evil.example.com#localhost',
  '',
])('host %j is not a local name', (host) => {
  expect(passes({ isLoopback: true }, { host })).toBe(false);
});

test('host that was good does not make the next one good', () => {
  const policy = new HostPolicy({ allowedHosts: ['a'], allowedOrigins: [], publicUrl: '', isLoopback: false });
  policy.checkHost({ headers: { host: 'a' } } as IncomingMessage);

  expect(() => policy.checkHost({ headers: { host: 'b' } } as IncomingMessage)).toThrow('not served here');
  expect(() => policy.checkHost({ headers: {} } as IncomingMessage)).toThrow('not served here');
});
