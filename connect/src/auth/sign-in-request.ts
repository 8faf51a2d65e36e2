import type { OAuthTokens } from '@modelcontextprotocol/client';
import type { AuthFetch } from './auth-fetch.ts';
import type { SignInSettings } from './credentials.ts';
import type { SignInServer } from './discover-sign-in.ts';
import type { ClientIdentity, SignInStore } from './sign-in-store.ts';

/** What every way of signing in needs to know. */
export interface SignInRequest {
  /** How messages to people call the endpoint. */
  name: string;
  server: SignInServer;
  scope: string | undefined;
  signIn: SignInSettings;
  store: SignInStore;
  fetch: AuthFetch;
  signal: AbortSignal;
}

export interface SignInResult {
  tokens: OAuthTokens;
  client: ClientIdentity;
}
