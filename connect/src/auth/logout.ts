import { createAuthFetch } from './auth-fetch.ts';
import type { SignInSettings } from './credentials.ts';
import { withFileLock } from './file-lock.ts';
import { SignInStore, type StoredTokens } from './sign-in-store.ts';

export type LogoutOutcome = { kind: 'signed-out'; wasRevoked: boolean } | { kind: 'not-signed-in' };

/**
 * Forgets the tokens of an endpoint on this machine, and has them revoked where the server can (RFC 7009). That it
 * cannot be reached does not keep anybody signed in.
 */
export async function logout(options: {
  endpoint: { url: URL };
  signIn: SignInSettings;
  signal: AbortSignal;
}): Promise<LogoutOutcome> {
  const { endpoint, signIn, signal } = options;
  const store = new SignInStore(signIn.stateDirectory);
  const place = await store.readPlace(endpoint.url);
  if (!place) return { kind: 'not-signed-in' };
  return await withFileLock({ path: store.lockPath(place), signal }, async () => {
    const tokens = await store.readTokens(place);
    await store.removeTokens(place);
    await store.removePlace(endpoint.url);
    if (!tokens) return { kind: 'not-signed-in' };
    const wasRevoked = await revoke({ tokens, signIn, signal }).catch(() => false);
    return { kind: 'signed-out', wasRevoked };
  });
}

async function revoke(options: {
  tokens: StoredTokens;
  signIn: SignInSettings;
  signal: AbortSignal;
}): Promise<boolean> {
  const { tokens, signIn, signal } = options;
  const { discoverAuthorizationServerMetadata, selectClientAuthMethod } = await import('@modelcontextprotocol/client');
  const fetch = createAuthFetch({ env: signIn.env, allowHttp: signIn.allowHttp, signal });
  const metadata = await discoverAuthorizationServerMetadata(tokens.issuer, { fetchFn: fetch });
  // The SDK's type of OpenID metadata leaves it out; its schema does not.
  const endpoint = (metadata as { revocation_endpoint?: unknown } | undefined)?.revocation_endpoint;
  if (typeof endpoint !== 'string') return false;
  const { client } = tokens;
  const body = new URLSearchParams({ client_id: client.client_id });
  // The end of the refresh token is the end of all access tokens of the grant (RFC 7009, 2.1).
  const isRefresh = tokens.refreshToken !== undefined;
  body.set('token', tokens.refreshToken ?? tokens.accessToken);
  body.set('token_type_hint', isRefresh ? 'refresh_token' : 'access_token');
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  const method = selectClientAuthMethod(client, metadata?.token_endpoint_auth_methods_supported ?? []);
  if (method === 'client_secret_post') body.set('client_secret', client.client_secret ?? '');
  if (method === 'client_secret_basic') {
    headers.authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;
  }
  const res = await fetch(endpoint, { method: 'POST', headers, body: body.toString(), redirect: 'manual' });
  return res.ok;
}
