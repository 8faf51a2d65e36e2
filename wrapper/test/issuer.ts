import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface Issuer {
  /** The issuer identifier. */
  url: string;
  publicJwk: JWK;
  /** PEM. */
  publicKey: string;
  /** An access token, good unless something is put in its place. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Paths that were asked for, in order. */
  requests: string[];
  /** Answers with 500 from now on, or no longer. */
  fail(what: 'all' | 'keys' | 'nothing'): void;
  close(): Promise<void>;
}

/** An authorization server with one signing key, on loopback. `path` is the issuer's, such as `/tenant`. */
export async function startIssuer(options: {
  audience: string;
  path?: string;
  metadata?: 'oauth' | 'openid';
  named?: string;
  /** Published before its own. */
  otherKeys?: JWK[];
}): Promise<Issuer> {
  const { audience, path = '', metadata = 'oauth', otherKeys = [] } = options;
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const requests: string[] = [];
  let failing = 'nothing';
  const server: Server = createServer((req, res) => {
    requests.push(req.url ?? '');
    if (failing === 'all' || (failing === 'keys' && req.url === '/keys')) return res.writeHead(500).end();
    const known: Record<string, unknown> = {
      [metadata === 'oauth'
        ? `/.well-known/oauth-authorization-server${path}`
        : `${path}/.well-known/openid-configuration`]: { issuer: options.named ?? url, jwks_uri: `${origin}/keys` },
      '/keys': { keys: [...otherKeys, publicJwk] },
    };
    const body = known[req.url ?? ''];
    res.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}${path}`;
  return {
    url,
    publicJwk,
    publicKey: await exportSPKI(publicKey),
    requests,
    token: (claims = {}, header = {}) => {
      const seconds = Math.floor(Date.now() / 1000);
      const payload = { iss: url, aud: audience, sub: 'user-1', exp: seconds + 600, iat: seconds, ...claims };
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt', ...header })
        .sign(privateKey);
    },
    fail: (what) => {
      failing = what;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
