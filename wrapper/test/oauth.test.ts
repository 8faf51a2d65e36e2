import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { type Issuer, startIssuer } from './issuer.ts';
import { openSession, post } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

const PUBLIC_URL = 'https://hello.mcp.example.com/mcp';
const METADATA_URL = 'https://hello.mcp.example.com/.well-known/oauth-protected-resource/mcp';
const KEY = 'mcp_test_key';
const PING = { jsonrpc: '2.0', id: 0, method: 'ping' };
let issuer: Issuer;
let wrapper: WrapperProcess;

beforeAll(async () => {
  issuer = await startIssuer({ audience: PUBLIC_URL });
  wrapper = await startWrapper({
    args: [
      ...['--public-url', PUBLIC_URL, '--oauth-issuer', issuer.url, '--oauth-scopes', 'mcp:use|mcp:admin'],
      ...['--key-sha256', createHash('sha256').update(KEY).digest('hex')],
    ],
  });
});

afterAll(async () => {
  await killStarted();
  await issuer.close();
});

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const good = { scope: 'openid mcp:use' };

test(
  verifies(
    ['auth-metadata', 'auth-metadata-found'],
    'metadata of the resource names the issuer, at both well-known paths',
  ),
  async () => {
    for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp']) {
      const response = await fetch(`${wrapper.origin}${path}`);

      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        resource: PUBLIC_URL,
        authorization_servers: [issuer.url],
        scopes_supported: ['mcp:use'],
        bearer_methods_supported: ['header'],
      });
    }
  },
);

test(
  verifies(
    ['auth-401', 'auth-metadata-found', 'auth-scope-challenge'],
    'request without a token is led to the metadata',
  ),
  async () => {
    const response = await post(wrapper.url, PING);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer resource_metadata="${METADATA_URL}", scope="mcp:use"`,
    );
  },
);

test(
  verifies(
    ['auth-audience', 'auth-scope-hierarchy'],
    'token of the issuer for this resource lets in, and so does a key',
  ),
  async () => {
    const token = await issuer.token(good);

    expect((await post(wrapper.url, PING, bearer(token))).status).toBe(200);
    expect((await post(wrapper.url, PING, bearer(KEY))).status).toBe(200);
    expect((await post(wrapper.url, PING, bearer(await issuer.token({ scp: ['mcp:admin'] })))).status).toBe(200);
    expect(
      (await post(wrapper.url, PING, bearer(await issuer.token({ ...good, aud: ['x', PUBLIC_URL] })))).status,
    ).toBe(200);
  },
);

test(verifies('auth-403-scope', 'token without the scope is told which one is needed'), async () => {
  const response = await post(wrapper.url, PING, bearer(await issuer.token({ scope: 'mcp:user' })));

  expect(response.status).toBe(403);
  expect(response.headers.get('www-authenticate')).toBe(
    `Bearer error="insufficient_scope", resource_metadata="${METADATA_URL}", scope="mcp:use"`,
  );
  expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { data: { reason: 'insufficient-scope' } } });
});

const now = (): number => Math.floor(Date.now() / 1000);
const hostile: Record<string, () => Promise<string>> = {
  'no signature': async () =>
    new UnsecuredJWT({ ...good, sub: 'x' })
      .setIssuer(issuer.url)
      .setAudience(PUBLIC_URL)
      .setExpirationTime('1h')
      .encode(),
  'a signature by HS256 with the public key': () => hs256(new TextEncoder().encode(issuer.publicKey)),
  'a signature by HS256 with the text of the published key': async () =>
    await hs256(new TextEncoder().encode(JSON.stringify(issuer.publicJwk).padEnd(64))),
  'a signature of another key by the same id': async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const payload = { ...good, iss: issuer.url, aud: PUBLIC_URL, sub: 'x', exp: now() + 60 };
    return await new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
  },
  'a key of its own in the header': async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const payload = { ...good, iss: issuer.url, aud: PUBLIC_URL, sub: 'x', exp: now() + 60 };
    const header = { alg: 'ES256', jku: 'http://127.0.0.1:1/keys', jwk: await exportJWK(publicKey) };
    return await new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
  },
  'an unknown key id': () => issuer.token(good, { kid: 'unknown' }),
  'another audience': () => issuer.token({ ...good, aud: 'https://other.mcp.example.com/mcp' }),
  'no audience': () => issuer.token({ ...good, aud: undefined }),
  'an audience that only begins so': () => issuer.token({ ...good, aud: `${PUBLIC_URL}/more` }),
  'another issuer': () => issuer.token({ ...good, iss: 'https://evil.example.com' }),
  'an issuer with a slash more': () => issuer.token({ ...good, iss: `${issuer.url}/` }),
  'no expiry': () => issuer.token({ ...good, exp: undefined }),
  expired: () => issuer.token({ ...good, exp: now() - 120 }),
  'not yet valid': () => issuer.token({ ...good, nbf: now() + 120 }),
  'no subject': () => issuer.token({ ...good, sub: undefined }),
  'the type of another token': () => issuer.token(good, { typ: 'logout+jwt' }),
  'bound to a key of its holder': () => issuer.token({ ...good, cnf: { jkt: 'x' } }),
  cut: async () => (await issuer.token(good)).slice(0, -4),
  'of a broken form': async () => 'a.b.c',
  'no JWT': async () => 'mcp_wrong_key',
};

function hs256(secret: Uint8Array): Promise<string> {
  const payload = { ...good, iss: issuer.url, aud: PUBLIC_URL, sub: 'x', exp: now() + 60 };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
}

test.each(Object.keys(hostile))(
  verifies(['auth-401', 'auth-audience'], 'token that has or is %s does not let in'),
  async (name) => {
    const token = (await hostile[name]?.()) ?? '';

    const response = await post(wrapper.url, PING, bearer(token));

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token", resource_metadata=');
    expect(JSON.stringify(await response.json())).not.toContain(token);
    expect(wrapper.lines.join()).not.toContain(token);
  },
);

test('clocks may differ a little', async () => {
  const token = await issuer.token({ ...good, exp: now() - 5, nbf: now() + 5 });

  expect((await post(wrapper.url, PING, bearer(token))).status).toBe(200);
});

test.each([
  ['nothing after Bearer', 'Bearer'],
  ['two words', 'Bearer a b'],
  ['signs no token has', 'Bearer "a"'],
  ['more than a token may have', `Bearer ${'a'.repeat(9000)}`],
])('Authorization with %s is a bad request', async (_name, authorization) => {
  const response = await post(wrapper.url, PING, { authorization });

  expect(response.status).toBe(400);
  expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_request"');
});

test('two Authorization headers are a bad request, whichever is good', async () => {
  const token = await issuer.token(good);
  const { port } = new URL(wrapper.url);
  const body = JSON.stringify(PING);
  const head = [
    ...['POST /mcp HTTP/1.1', 'host: localhost', 'content-type: application/json', `content-length: ${body.length}`],
    ...['connection: close', `authorization: Bearer ${token}`, 'Authorization: Bearer other'],
  ];

  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });

  expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*"jsonrpc":"2.0"/);
});

test(verifies('auth-not-in-query', 'token in the URL is a bad request'), async () => {
  const token = await issuer.token(good);

  expect((await post(`${wrapper.url}?access_token=${token}`, PING)).status).toBe(400);
  expect((await post(`${wrapper.url}?access_token=${token}`, PING, bearer(token))).status).toBe(400);
});

test(verifies('auth-session-bound', 'session belongs to the subject, not to the token'), async () => {
  const { sessionId } = await openSession(wrapper.url, bearer(await issuer.token(good)));
  const asSubject = async (sub: string): Promise<number> => {
    const token = await issuer.token({ ...good, sub, jti: 'another' });
    return (await post(wrapper.url, PING, { ...bearer(token), 'mcp-session-id': sessionId })).status;
  };

  expect(await asSubject('user-1')).toBe(200);
  expect(await asSubject('user-2')).toBe(404);
});

test.each(['all', 'keys'] as const)('no token lets in while of the issuer fail: %s', async (what) => {
  const own = await startIssuer({ audience: PUBLIC_URL });
  const { url, logged } = await startWrapper({ args: ['--public-url', PUBLIC_URL, '--oauth-issuer', own.url] });
  const token = await own.token();
  own.fail(what);

  const early = await post(url, PING, bearer(token));
  await logged('Tokens cannot be checked: the issuer does not answer');
  own.fail('nothing');
  let later = await post(url, PING, bearer(token));
  while (later.status === 503) later = await post(url, PING, bearer(token));

  expect([early.status, early.headers.get('retry-after'), later.status]).toEqual([503, '1', 200]);
  expect(await early.json()).toMatchObject({ jsonrpc: '2.0', error: { data: { reason: 'auth-unavailable' } } });
  await own.close();
});

test('keys of the issuer are fetched once, and needed no more for a token that was seen', async () => {
  const own = await startIssuer({ audience: PUBLIC_URL, path: '/tenant', metadata: 'openid' });
  const { url } = await startWrapper({ args: ['--public-url', PUBLIC_URL, '--oauth-issuer', own.url] });
  const tokens = await Promise.all(['1', '2', '3'].map((sub) => own.token({ sub })));
  const statuses = async (): Promise<number[]> =>
    (await Promise.all([...tokens, ...tokens].map((token) => post(url, PING, bearer(token))))).map(
      ({ status }) => status,
    );

  const first = await statuses();
  await own.close();
  const second = await statuses();

  expect([...first, ...second]).toEqual(Array(12).fill(200));
  expect(own.requests.filter((path) => path === '/keys')).toHaveLength(1);
});

test('metadata that names another issuer is not believed', async () => {
  const own = await startIssuer({ audience: PUBLIC_URL, named: 'https://honest.example.com' });
  const { url } = await startWrapper({ args: ['--public-url', PUBLIC_URL, '--oauth-issuer', own.url] });

  const response = await post(url, PING, bearer(await own.token()));

  expect(response.status).toBe(503);
  await own.close();
});
