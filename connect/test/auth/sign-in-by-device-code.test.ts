import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentials } from '../../src/auth/credentials.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { callResource } from './call-resource.ts';
import { browse, type Person } from './fake-browser.ts';
import { type ProtectedResource, startProtectedResource } from './protected-resource.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

let machine: TestMachine;
let server: AuthorizationServer;
let resource: ProtectedResource;

beforeEach(async () => {
  machine = await createTestMachine();
  server = await startAuthorizationServer({ features: { deviceFlow: { enabled: true } } });
  resource = await startProtectedResource({ server });
});

afterEach(async () => {
  await resource.close();
  await server.close();
  await machine.remove();
});

/** A person with another device, who types what the terminal says. */
function startWith(person: Person, settings: Parameters<TestMachine['settings']>[0]) {
  const log = (text: string): void => {
    machine.log.push(text);
    const [, page, code] = /open (\S+) and type the code (\S+)/.exec(text) ?? [];
    if (page !== undefined && code !== undefined) void browse(`${page}?user_code=${code}`, person);
  };
  const endpoint = { url: resource.url, key: undefined, name: 'hello' };
  return createCredentials({ endpoint, signIn: machine.settings({ ...settings, log }) });
}

describe('signing in without a browser', () => {
  test.each([
    ['when told so', { browser: 'never' as const }],
    ['on a machine without a display', { env: {} }],
  ])('%s asks for a code to be typed elsewhere', async (_name, settings) => {
    const called = await callResource({ url: resource.url, credentials: startWith('consents', settings) });

    expect(called).toMatchObject({ status: 200, scope: 'mcp:read', renewals: 1 });
    expect(await machine.tabs()).toEqual([]);
    expect((await machine.stored('tokens'))[0]?.value.refreshToken).toEqual(expect.any(String));
  });

  test('ends at once with its signal', async () => {
    const ended = new AbortController();
    const endpoint = { url: resource.url, key: undefined, name: 'hello' };
    const log = (): void => ended.abort(new Error('the end'));
    const credentials = createCredentials({ endpoint, signIn: machine.settings({ browser: 'never', log }) });

    const called = callResource({ url: resource.url, credentials, signal: ended.signal });

    await expect(called).rejects.toThrow('the end');
  });
});
