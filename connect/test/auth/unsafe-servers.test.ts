import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentials, type SignInSettings } from '../../src/auth/credentials.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { callResource } from './call-resource.ts';
import { type ProtectedResource, startProtectedResource } from './protected-resource.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

let machine: TestMachine;
let server: AuthorizationServer;
let resource: ProtectedResource;

beforeEach(async () => {
  machine = await createTestMachine();
});

afterEach(async () => {
  await resource.close();
  await server.close();
  await machine.remove();
});

async function signInAt(
  mangleMetadata: (metadata: Record<string, unknown>) => void,
  settings: Partial<SignInSettings> = {},
): Promise<unknown> {
  server = await startAuthorizationServer({ mangleMetadata });
  resource = await startProtectedResource({ server });
  const endpoint = { url: resource.url, key: undefined, name: 'hello' };
  const credentials = createCredentials({ endpoint, signIn: machine.settings(settings) });
  return await callResource({ url: resource.url, credentials }).catch((error) => error);
}

describe('an authorization endpoint', () => {
  test.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ms-msdt:/id%20PCWDiagnostic',
    'data:text/html,hello',
    'http://as.example/authorize',
    'https://user:word@as.example/authorize',
    'a:$(touch /tmp/mcp-connect-was-here)',
  ])('%s is never opened, and nothing is registered', async (address) => {
    const outcome = await signInAt((metadata) => {
      metadata.authorization_endpoint = address;
    });

    expect(outcome).toMatchObject({ name: 'SetupError', message: expect.stringContaining('Cannot sign in') });
    expect(await machine.tabs()).toEqual([]);
    expect(server.count('/reg')).toBe(0);
  });

  test('with shell metacharacters reaches the browser as one address', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'declines';
    const tail = "?a=$(touch%20x)&b=`id`&c=';id;'&d=|id";

    await signInAt((metadata) => {
      metadata.authorization_endpoint += tail;
    });

    const tabs = await machine.tabs();
    expect(tabs).toHaveLength(1);
    expect(tabs[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\?\S+$/);
    expect(new URL(tabs[0] ?? '').searchParams.get('a')).toBe('$(touch x)');
  });
});

describe('PKCE', () => {
  test.each([
    ['not published', undefined],
    ['plain only', ['plain']],
  ])('%s is refused', async (_name, methods) => {
    const outcome = await signInAt((metadata) => {
      metadata.code_challenge_methods_supported = methods;
    });

    expect(outcome).toMatchObject({ code: 'pkce-unsupported' });
    expect(await machine.tabs()).toEqual([]);
  });
});

describe('an issuer', () => {
  test('that is not the one whose metadata was asked for is refused', async () => {
    const outcome = await signInAt((metadata) => {
      metadata.issuer = 'https://honest.example';
    });

    expect(outcome).toMatchObject({ code: 'issuer-mismatch' });
  });

  test('of another server in the answer is refused before the code is used', async () => {
    const foreign = createServer((req, res) => {
      const back = new URL(new URL(req.url ?? '', 'http://localhost').searchParams.get('redirect_uri') ?? '');
      const { searchParams } = new URL(req.url ?? '', 'http://localhost');
      back.searchParams.set('code', 'stolen');
      back.searchParams.set('state', searchParams.get('state') ?? '');
      back.searchParams.set('iss', 'https://attacker.example');
      res.writeHead(302, { location: back.href }).end();
    }).listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    try {
      const outcome = await signInAt((metadata) => {
        metadata.authorization_endpoint = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/auth`;
      });

      expect(outcome).toMatchObject({ code: 'issuer-mismatch' });
      expect(String((outcome as Error).message)).not.toContain('attacker');
      expect(server.count('/token')).toBe(0);
      expect(await machine.pages()).not.toContain('attacker');
    } finally {
      foreign.closeAllConnections();
      foreign.close();
    }
  });

  test('other than that of the configured client id is refused', async () => {
    const client = { id: 'by-hand', issuer: 'https://as.example' };

    const outcome = await signInAt(() => {}, { client });

    expect(outcome).toMatchObject({ code: 'client-issuer-mismatch' });
    expect(await machine.tabs()).toEqual([]);
  });
});

describe('endless metadata', () => {
  test('is given up', async () => {
    const outcome = await signInAt((metadata) => {
      metadata.padding = 'x'.repeat(2 * 1024 * 1024);
    });

    expect(outcome).toMatchObject({ code: 'auth-answer-too-long' });
  });
});

describe('a server without registration', () => {
  test('says that a client id is needed', async () => {
    const outcome = await signInAt((metadata) => {
      metadata.registration_endpoint = undefined;
    });

    expect(outcome).toMatchObject({
      code: 'client-id-missing',
      hint: expect.stringContaining('MCP_CONNECT_OAUTH_CLIENT_ID'),
    });
  });
});

describe('an outage of the sign-in server', () => {
  test('is told, and does not keep the next try from being made', async () => {
    server = await startAuthorizationServer();
    resource = await startProtectedResource({ server });
    const issuer = resource.authorizationServers;
    resource.authorizationServers = ['http://127.0.0.1:1'];
    const endpoint = { url: resource.url, key: undefined, name: 'hello' };
    const credentials = createCredentials({ endpoint, signIn: machine.settings() });
    const first = await callResource({ url: resource.url, credentials }).catch((error) => error);
    resource.authorizationServers = issuer;

    const second = await callResource({ url: resource.url, credentials });

    expect(first).toMatchObject({ code: 'sign-in-failed' });
    expect(second.status).toBe(200);
  });
});

describe('an endpoint', () => {
  async function signInAtEndpoint(handle: RequestListener, signal = new AbortController().signal): Promise<unknown> {
    server = await startAuthorizationServer();
    resource = await startProtectedResource({ server });
    const http = createServer(handle).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
    try {
      const credentials = createCredentials({
        endpoint: { url, key: undefined, name: 'hello' },
        signIn: machine.settings(),
      });
      return await credentials.renew({ status: 401, wwwAuthenticate: 'Bearer' }, signal).catch((error) => error);
    } finally {
      http.closeAllConnections();
      http.close();
    }
  }

  test('without OAuth wants a key, and nobody is asked to sign in', async () => {
    const outcome = await signInAtEndpoint((_req, res) => res.writeHead(404).end());

    expect(outcome).toBe(false);
    expect(await machine.tabs()).toEqual([]);
  });

  test('that answers everything with a web page offers no OAuth', async () => {
    const outcome = await signInAtEndpoint((req, res) => {
      if (req.url?.includes('protected-resource')) res.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello');
      else res.writeHead(404).end();
    });

    expect(outcome).toBe(false);
  });

  test('that never answers is waited for no longer than the signal says', async () => {
    const ended = new AbortController();

    const outcome = await signInAtEndpoint(() => ended.abort(new Error('the end')), ended.signal);

    expect(outcome).toMatchObject({ message: 'the end' });
  });
});
