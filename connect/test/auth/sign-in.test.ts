import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentials } from '../../src/auth/credentials.ts';
import { login } from '../../src/auth/login.ts';
import { logout } from '../../src/auth/logout.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { callResource } from './call-resource.ts';
import { type ProtectedResource, startProtectedResource } from './protected-resource.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

let machine: TestMachine;
let server: AuthorizationServer;
let resource: ProtectedResource;

beforeEach(async () => {
  machine = await createTestMachine();
  server = await startAuthorizationServer();
  resource = await startProtectedResource({ server });
});

afterEach(async () => {
  await resource.close();
  await server.close();
  await machine.remove();
});

function start(): ReturnType<typeof createCredentials> {
  const endpoint = { url: resource.url, key: undefined, name: 'hello' };
  return createCredentials({ endpoint, signIn: machine.settings() });
}

describe('signing in by the browser', () => {
  test('answers a 401 with a token for exactly this resource', async () => {
    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called).toMatchObject({ status: 200, scope: 'mcp:read', renewals: 1 });
    const [tab] = await machine.tabs();
    const asked = new URL(tab ?? '').searchParams;
    expect(asked.get('resource')).toBe(resource.url.href);
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('scope')).toBe('mcp:read offline_access');
    expect(asked.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(await machine.pages()).toContain('You are signed in to hello. You can close this tab.');
  });

  test('finds its way without a word from the challenge', async () => {
    await resource.close();
    resource = await startProtectedResource({ server, isTalkative: false });

    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called.status).toBe(200);
  });

  test('sends a resource without a path exactly as it was published', async () => {
    await resource.close();
    resource = await startProtectedResource({ server, resource: (origin) => origin });

    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called.status).toBe(200);
    const [tab] = await machine.tabs();
    expect(new URL(tab ?? '').searchParams.get('resource')).toBe(resource.url.origin);
  });

  test('shows the URL as well, and no token', async () => {
    const { authorization } = await callResource({ url: resource.url, credentials: start() });

    expect(machine.log.join('\n')).toContain((await machine.tabs())[0]);
    expect(machine.log.join('\n')).not.toContain(authorization?.replace('Bearer ', ''));
  });

  test('is good for this run where it cannot be kept', async () => {
    await mkdir(machine.stateDirectory);
    await writeFile(join(machine.stateDirectory, 'tokens'), 'a file in the way');

    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called.status).toBe(200);
    expect(machine.log.join('\n')).toContain('the sign-in cannot be kept (EEXIST)');
  });

  test('keeps the tokens where only their owner reads them', async () => {
    await callResource({ url: resource.url, credentials: start() });

    const [file] = await machine.stored('tokens');
    expect((await stat(file?.path ?? '')).mode & 0o777).toBe(0o600);
    expect((await stat(machine.stateDirectory)).mode & 0o777).toBe(0o700);
    expect(file?.value).toMatchObject({ issuer: server.issuer, resource: resource.url.href });
  });

  test('is remembered by the next start, which asks nothing', async () => {
    await callResource({ url: resource.url, credentials: start() });

    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called).toMatchObject({ status: 200, renewals: 0 });
    expect(await machine.tabs()).toHaveLength(1);
  });

  test('is done again when the stored tokens are damaged', async () => {
    await callResource({ url: resource.url, credentials: start() });
    for (const kind of ['tokens', 'endpoints', 'clients']) {
      for (const { path } of await machine.stored(kind)) await writeFile(path, '{"accessToken": 7');
    }

    const called = await callResource({ url: resource.url, credentials: start() });

    expect(called.status).toBe(200);
    expect(await machine.tabs()).toHaveLength(2);
  });

  test('uses the registration again, at the same port', async () => {
    await callResource({ url: resource.url, credentials: start() });

    await login({ endpoint: { url: resource.url, name: 'hello' }, signIn: machine.settings(), signal: never() });
    await logout({ endpoint: { url: resource.url }, signIn: machine.settings(), signal: never() });
    await callResource({ url: resource.url, credentials: start() });

    // The login asked for a new one on purpose, the last start did not.
    expect(server.count('/reg')).toBe(2);
    const [, second, third] = (await machine.tabs()).map((tab) => new URL(tab).searchParams.get('redirect_uri'));
    expect(third).toBe(second);
  });
});

describe('a person who declines', () => {
  test('is not asked again, and reads what to do', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'declines';
    const credentials = start();

    const first = callResource({ url: resource.url, credentials });
    await expect(first).rejects.toMatchObject({ code: 'sign-in-denied', hint: expect.stringContaining('login') });
    const second = callResource({ url: resource.url, credentials });
    await expect(second).rejects.toMatchObject({ code: 'sign-in-denied' });
    const other = callResource({ url: resource.url, credentials: start() });
    await expect(other).rejects.toMatchObject({ code: 'sign-in-failed-before' });

    expect(await machine.tabs()).toHaveLength(1);
    expect(await machine.pages()).toContain('Not signed in');
  });

  test('may change his mind by login', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'declines';
    await expect(callResource({ url: resource.url, credentials: start() })).rejects.toThrow();
    machine.env.FAKE_BROWSER_PERSON = 'consents';

    const endpoint = { url: resource.url, name: 'hello' };
    const outcome = await login({ endpoint, signIn: machine.settings(), signal: never() });

    expect(outcome).toMatchObject({ kind: 'signed-in', issuer: server.issuer });
    expect((await callResource({ url: resource.url, credentials: start() })).renewals).toBe(0);
  });
});

describe('a token that is refused', () => {
  test('is renewed by refresh, without a tab, and the rotated refresh token is kept', async () => {
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    for (let round = 0; round < 2; round += 1) {
      const [file] = await machine.stored('tokens');
      const used = await server.provider.AccessToken.find(file?.value.accessToken);
      await used?.destroy();
      await makeOld(file);

      // A new start each time, since what it reads is what counts.
      const called = await callResource({ url: resource.url, credentials: start() });

      expect(called).toMatchObject({ status: 200, renewals: 1 });
      const [after] = await machine.stored('tokens');
      expect(after?.value.refreshToken).not.toBe(file?.value.refreshToken);
    }
    expect(await machine.tabs()).toHaveLength(1);
  });

  test('leads to a sign-in when the whole grant was revoked', async () => {
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    const [file] = await machine.stored('tokens');
    const used = await server.provider.AccessToken.find(file?.value.accessToken);
    await (await server.provider.Grant.find(used?.grantId ?? ''))?.destroy();
    await used?.destroy();
    await (await server.provider.RefreshToken.find(file?.value.refreshToken))?.destroy();

    const called = await callResource({ url: resource.url, credentials });

    expect(called.status).toBe(200);
    expect(await machine.tabs()).toHaveLength(2);
  });

  test('is given up when new ones are refused, too', async () => {
    resource.needed = ['mcp:read'];
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    resource.authorizationServers = [server.issuer];
    const refusing = { status: 401 as const, wwwAuthenticate: 'Bearer error="invalid_token"' };

    const renewals = [];
    for (let tries = 0; tries < 3; tries += 1) {
      const sent = await credentials.authorization();
      renewals.push(await credentials.renew({ ...refusing, sent }, never()).catch((error) => error.code));
    }

    expect(renewals).toEqual([true, true, 'token-refused']);
    expect(await machine.tabs()).toHaveLength(2);
  });

  test('is taken for renewed by requests that were refused before that', async () => {
    const credentials = start();
    const { authorization } = await callResource({ url: resource.url, credentials });
    const challenge = { status: 401 as const, wwwAuthenticate: undefined, sent: 'Bearer older' };

    const isWorthIt = await credentials.renew(challenge, never());

    expect(isWorthIt).toBe(true);
    expect(await credentials.authorization()).toBe(authorization);
  });
});

describe('a step-up', () => {
  test('asks for the new scopes together with the old ones', async () => {
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    resource.needed = ['mcp:write'];

    const called = await callResource({ url: resource.url, credentials });

    expect(called).toMatchObject({ status: 200, renewals: 1 });
    expect(called.scope?.split(' ').sort()).toEqual(['mcp:read', 'mcp:write']);
    const [, tab] = await machine.tabs();
    expect(new URL(tab ?? '').searchParams.get('scope')).toBe('mcp:read offline_access mcp:write');
  });

  test('is done once for all requests that the old token was too weak for', async () => {
    const credentials = start();
    const { authorization: sent } = await callResource({ url: resource.url, credentials });
    const challenge = {
      status: 403 as const,
      wwwAuthenticate: 'Bearer error="insufficient_scope", scope="mcp:write"',
      sent,
    };

    const renewals = [await credentials.renew(challenge, never()), await credentials.renew(challenge, never())];

    expect(renewals).toEqual([true, true]);
    expect(await machine.tabs()).toHaveLength(2);
  });

  test('is tried once when the server never grants it', async () => {
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    resource.needed = ['mcp:admin'];

    const called = await callResource({ url: resource.url, credentials });

    expect(called).toMatchObject({ status: 403, renewals: 1 });
    expect(await machine.tabs()).toHaveLength(2);
  });

  test('is not what any other 403 asks for', async () => {
    const credentials = start();

    const isWorthIt = await credentials.renew({ status: 403, wwwAuthenticate: undefined }, never());

    expect(isWorthIt).toBe(false);
    expect(await machine.tabs()).toHaveLength(0);
  });
});

describe('another authorization server', () => {
  test('gets a registration of its own, and never sees the old one', async () => {
    const credentials = start();
    await callResource({ url: resource.url, credentials });
    const next = await startAuthorizationServer();
    const moved = await startProtectedResource({ server: next });
    try {
      resource.authorizationServers = [next.issuer];
      const used = await server.provider.AccessToken.find((await machine.stored('tokens'))[0]?.value.accessToken);
      await used?.destroy();

      const sent = await credentials.authorization();
      const isWorthIt = await credentials.renew({ status: 401, wwwAuthenticate: undefined, sent }, never());

      expect(isWorthIt).toBe(true);
      expect(next.count('/reg')).toBe(1);
      const clients = (await machine.stored('clients')).map(({ value }) => value);
      expect(new Set(clients.map(({ issuer }) => issuer))).toEqual(new Set([server.issuer, next.issuer]));
      const [, tab] = await machine.tabs();
      const old = clients.find(({ issuer }) => issuer === server.issuer);
      expect(tab).not.toContain(old.client.client_id);
    } finally {
      await moved.close();
      await next.close();
    }
  });
});

describe('logout', () => {
  test('forgets the tokens and has them revoked', async () => {
    await callResource({ url: resource.url, credentials: start() });
    const [file] = await machine.stored('tokens');

    const outcome = await logout({ endpoint: { url: resource.url }, signIn: machine.settings(), signal: never() });

    expect(outcome).toEqual({ kind: 'signed-out', wasRevoked: true });
    expect(await machine.stored('tokens')).toHaveLength(0);
    expect(await server.provider.RefreshToken.find(file?.value.refreshToken)).toBeUndefined();
    expect(await start().authorization()).toBeUndefined();
  });

  test('says when nobody was signed in', async () => {
    const outcome = await logout({ endpoint: { url: resource.url }, signIn: machine.settings(), signal: never() });

    expect(outcome).toEqual({ kind: 'not-signed-in' });
  });
});

describe('an API key', () => {
  test('is all there is when there is one', async () => {
    const endpoint = { url: resource.url, key: 'mcp_key', name: 'hello' };
    const credentials = createCredentials({ endpoint, signIn: machine.settings() });

    expect(await credentials.authorization()).toBe('Bearer mcp_key');
    expect(await credentials.renew({ status: 401, wwwAuthenticate: undefined }, never())).toBe(false);
  });
});

/** As if the token had been issued a day ago. */
async function makeOld(file: { path: string; value: { obtainedAtMs: number } } | undefined): Promise<void> {
  if (!file) throw new Error('there is no token');
  await writeFile(file.path, JSON.stringify({ ...file.value, obtainedAtMs: file.value.obtainedAtMs - 86_400_000 }));
}

function never(): AbortSignal {
  return new AbortController().signal;
}
