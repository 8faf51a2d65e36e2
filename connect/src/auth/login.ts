import { createAuthFetch } from './auth-fetch.ts';
import type { Challenge, SignInSettings } from './credentials.ts';
import { SignInStore } from './sign-in-store.ts';

export interface LoginOptions {
  endpoint: { url: URL; name: string };
  signIn: SignInSettings;
  signal: AbortSignal;
}

export type LoginOutcome = { kind: 'signed-in'; issuer: string; scope?: string } | { kind: 'not-needed' };

/**
 * Signs in now, whether or not there are tokens already, and keeps the tokens for all instances.
 * @throws SetupError what a person has to do; the signal's reason when it aborts
 */
export async function login({ endpoint, signIn, signal }: LoginOptions): Promise<LoginOutcome> {
  const { renewTokens } = await import('./renew-tokens.ts');
  const tokens = await renewTokens({
    endpoint: endpoint.url,
    name: endpoint.name,
    signIn,
    store: new SignInStore(signIn.stateDirectory),
    challenge: await askChallenge({ url: endpoint.url, signIn, signal }),
    refused: undefined,
    refusals: 0,
    signal,
    isAsked: true,
  });
  if (!tokens) return { kind: 'not-needed' };
  const { issuer, requestedScope } = tokens;
  return { kind: 'signed-in', issuer, ...(requestedScope !== undefined && { scope: requestedScope }) };
}

/** What the endpoint says to a request without credentials: which scopes, and where its metadata is. */
async function askChallenge(options: { url: URL; signIn: SignInSettings; signal: AbortSignal }): Promise<Challenge> {
  const { url, signIn, signal } = options;
  const fetch = createAuthFetch({ env: signIn.env, allowHttp: true, signal });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  try {
    const res = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
    const said = res.status === 401 ? res.headers.get('www-authenticate') : null;
    return { status: 401, wwwAuthenticate: said ?? undefined };
  } catch {
    signal.throwIfAborted();
    // The well-known places are asked next, and their failure says what is wrong.
    return { status: 401, wwwAuthenticate: undefined };
  }
}
