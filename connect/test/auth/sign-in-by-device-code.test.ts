import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCredentials } from '../../src/auth/credentials.ts';
import { signInByDeviceCode } from '../../src/auth/sign-in-by-device-code.ts';
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

/** Signs in at a server that gives a device code with these times, and answers the questions for its result in turn. */
async function signInAt(times: object, answers: (() => Response)[]): Promise<{ outcome: unknown; asked: number }> {
  let asked = 0;
  const metadata = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token' };
  const code = { device_code: 'd', user_code: 'U', verification_uri: 'https://as.example/device', ...times };
  const request = {
    name: 'hello',
    server: { issuer: 'https://as.example', resource: 'https://hello.example', metadata },
    signIn: machine.settings({ client: { id: 'by-hand' } }),
    fetch: async (url: string | URL) => {
      if (!String(url).endsWith('/token')) return Response.json(code);
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (!answer) throw new Error('nothing to answer');
      return answer();
    },
    signal: new AbortController().signal,
  };
  const outcome = await signInByDeviceCode(request as never, 'https://as.example/device-code').catch((error) => error);
  return { outcome, asked };
}

const PENDING = (): Response => Response.json({ error: 'authorization_pending' }, { status: 400 });
const TOKENS = (): Response => Response.json({ access_token: 'a', token_type: 'Bearer' });

describe('a device code', () => {
  test.each([0, 0.000_1, 10_000_000])('with an interval of %d s is not asked for without a pause', async (interval) => {
    const { outcome, asked } = await signInAt({ interval, expires_in: 1.5 }, [PENDING]);

    expect(outcome).toMatchObject({ code: 'sign-in-timeout' });
    expect(asked).toBeLessThan(10);
  });

  test('is asked for again after the network was away', async () => {
    const away = (): Response => {
      throw new TypeError('fetch failed');
    };

    const { outcome, asked } = await signInAt({ interval: 1, expires_in: 60 }, [PENDING, away, TOKENS]);

    expect(outcome).toMatchObject({ tokens: { access_token: 'a' } });
    expect(asked).toBe(3);
  });

  test.each([
    ['expired_token', 'sign-in-timeout'],
    ['access_denied', 'sign-in-denied'],
  ])('that is refused as %s is an error of its own', async (error, code) => {
    const { outcome } = await signInAt({ interval: 1, expires_in: 60 }, [
      () => Response.json({ error }, { status: 400 }),
    ]);

    expect(outcome).toMatchObject({ code });
  });
});
