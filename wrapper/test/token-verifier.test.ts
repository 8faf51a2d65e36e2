import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import { IssuerUnavailable, metadataUrls } from '../src/door/discover-issuer.ts';
import { ProtectedResource } from '../src/door/protected-resource.ts';
import { TokenVerifier } from '../src/door/token-verifier.ts';
import { VerifiedTokens } from '../src/door/verified-tokens.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { post } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { freePort, killStarted, startWrapper } from './wrapper-process.ts';

const AUDIENCE = 'https://hello.mcp.example.com/mcp';
let issuer: Issuer;

beforeEach(async () => {
  issuer = await startIssuer({ audience: AUDIENCE });
});

afterEach(async () => {
  await killStarted();
  await issuer.close();
});

/** A verifier that asks the issuer for every unknown key, on a clock that stands still. */
function startVerifier(): { verify: TokenVerifier['verify']; logged: string[] } {
  const logged: string[] = [];
  const write = (message: string): number => logged.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  const nowMs = Date.now();
  const verifier = new TokenVerifier({
    issuer: issuer.url,
    audiences: [AUDIENCE],
    nowMs: () => nowMs,
    log,
    jwksCooldownMs: 0,
  });
  return { verify: (token) => verifier.verify(token), logged };
}

test('issuer that fails for an unknown key does not shut out those whose key is known', async () => {
  const { verify, logged } = startVerifier();
  await verify(await issuer.token());
  issuer.fail('keys');
  const asked = issuer.requests.length;

  await expect(verify(await issuer.token({}, { kid: 'unknown' }))).rejects.toThrow(IssuerUnavailable);
  await expect(verify(await issuer.token({}, { kid: 'unknown' }))).rejects.toThrow(IssuerUnavailable);
  const known = await verify(await issuer.token({ sub: 'user-2' }));

  expect(known).toMatchObject({ ok: true, principal: { kind: 'token', subject: 'user-2' } });
  expect(issuer.requests).toHaveLength(asked + 1);
  expect(logged).toEqual(['Tokens cannot be checked: the issuer does not answer']);
});

test('unknown key is looked for at the issuer, which may have a new one', async () => {
  const { verify } = startVerifier();
  await verify(await issuer.token());

  expect(await verify(await issuer.token({}, { kid: 'unknown' }))).toEqual({ ok: false });
  expect(issuer.requests.filter((path) => path === '/keys')).toHaveLength(2);
});

test('token that names no key is checked against each of the issuer, also while that is left alone', async () => {
  const { publicJwk, close, token: foreign } = issuer;
  await close();
  issuer = await startIssuer({ audience: AUDIENCE, otherKeys: [{ ...publicJwk, kid: 'other' }] });
  const { verify } = startVerifier();
  const nameless = await issuer.token({}, { kid: undefined });

  const before = await verify(nameless);
  const forged = await verify(await foreign({ iss: issuer.url, aud: 'https://else.example' }, { kid: undefined }));
  issuer.fail('keys');
  await expect(verify(await issuer.token({}, { kid: 'unknown' }))).rejects.toThrow(IssuerUnavailable);
  const later = await verify(nameless);

  expect([before, forged, later]).toMatchObject([{ ok: true }, { ok: false }, { ok: true }]);
});

test('principals of tokens differ by issuer and subject, and hold no token', async () => {
  const { verify } = startVerifier();
  const idOf = async (claims: Record<string, unknown>): Promise<string> => {
    const outcome = await verify(await issuer.token(claims));
    return outcome.ok ? outcome.principal.id : 'refused';
  };

  const ids = [await idOf({ sub: 'a' }), await idOf({ sub: 'b' }), await idOf({ sub: undefined, client_id: 'a' })];

  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/);
  expect(await idOf({ sub: 'a', jti: 'other' })).toBe(ids[0]);
});

test('metadata of an issuer is looked for in the order of the specification', () => {
  expect(metadataUrls('https://auth.example.com')).toEqual([
    'https://auth.example.com/.well-known/oauth-authorization-server',
    'https://auth.example.com/.well-known/openid-configuration',
  ]);
  expect(metadataUrls('https://auth.example.com/tenant1')).toEqual([
    'https://auth.example.com/.well-known/oauth-authorization-server/tenant1',
    'https://auth.example.com/.well-known/openid-configuration/tenant1',
    'https://auth.example.com/tenant1/.well-known/openid-configuration',
  ]);
});

test('verified token is forgotten when it expires, and the one unused for longest when there are too many', () => {
  let nowMs = 0;
  const tokens = new VerifiedTokens({ nowMs: () => nowMs, max: 2 });
  const principal = { id: 'a', kind: 'token', scopes: [] } as const;

  for (const hash of ['1', '2']) tokens.set(hash, principal, 1_000);
  tokens.get('1');
  tokens.set('3', principal, 1_000_000_000);

  expect(['1', '2', '3'].map((hash) => tokens.get(hash) !== undefined)).toEqual([true, false, true]);
  nowMs = 1_000;
  expect([tokens.get('1'), tokens.size]).toEqual([undefined, 1]);
  nowMs = 600_000;
  expect(tokens.get('3')).toBeUndefined();
});

test(
  verifies(
    ['auth-scope-challenge', 'auth-scope-hierarchy'],
    'challenge asks for all scopes at once, the narrowest that do',
  ),
  () => {
    const resource = new ProtectedResource({
      publicUrl: AUDIENCE,
      issuer: 'https://a',
      scopes: ['read|write', 'tools'],
    });

    expect(resource.challenge('insufficient_scope')).toContain('scope="read tools"');
    expect(resource.isSufficient(['tools', 'write'])).toBe(true);
    expect(resource.isSufficient(['read', 'write'])).toBe(false);
    expect(resource.isSufficient([])).toBe(false);
  },
);

test('client of the SDK finds the issuer by the challenge and by the well-known path', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const args = ['--port', String(port), '--public-url', url, '--oauth-issuer', issuer.url, '--oauth-scopes', 'mcp:use'];
  await startWrapper({ args });

  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(await post(url, {}));
  const found = await discoverOAuthProtectedResourceMetadata(url);

  expect([resourceMetadataUrl?.href, scope]).toEqual([
    `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`,
    'mcp:use',
  ]);
  expect(found).toMatchObject({ resource: url, authorization_servers: [issuer.url] });
});
