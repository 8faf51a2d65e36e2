import {
  extractWWWAuthenticateParams,
  OAuthError,
  OAuthErrorCode,
  type OAuthTokens,
  refreshAuthorization,
} from '@modelcontextprotocol/client';
import { errorCode } from '../config/error-code.ts';
import { SetupError } from '../setup-error.ts';
import { toSignInError } from './auth-error.ts';
import { createAuthFetch } from './auth-fetch.ts';
import { FRESH_REFUSALS_MAX, SHARED_FAILURE_REST_MS } from './auth-limits.ts';
import { chooseScope, coversScope } from './choose-scope.ts';
import type { Challenge, SignInSettings } from './credentials.ts';
import { discoverSignIn, type SignInServer } from './discover-sign-in.ts';
import { withFileLock } from './file-lock.ts';
import { hasDisplay } from './open-browser.ts';
import { signInByBrowser } from './sign-in-by-browser.ts';
import { signInByClientCredentials } from './sign-in-by-client-credentials.ts';
import { deviceEndpoint, signInByDeviceCode } from './sign-in-by-device-code.ts';
import type { SignInRequest, SignInResult } from './sign-in-request.ts';
import { type ClientIdentity, isAccessToken, type SignInStore, type StoredTokens } from './sign-in-store.ts';

export interface RenewTokensOptions {
  endpoint: URL;
  name: string;
  signIn: SignInSettings;
  store: SignInStore;
  challenge: Challenge;
  /** The tokens the server did not take; undefined when none were sent. */
  refused: StoredTokens | undefined;
  /** How many new tokens in a row it did not take. */
  refusals: number;
  signal: AbortSignal;
  /** A person asked for it: neither stored tokens nor an earlier failure count. */
  isAsked?: boolean;
}

/** What the challenge says, and who can answer it. */
interface Renewal extends RenewTokensOptions {
  server: SignInServer;
  challengedScope: string | undefined;
  fetch: ReturnType<typeof createAuthFetch>;
}

/**
 * Gets tokens that the server may take, by whatever disturbs people least: those that another instance got meanwhile,
 * a refresh, a sign-in. All of it happens under a lock of the issuer and the resource, so that any number of instances
 * open one tab, and none uses a refresh token that was rotated.
 * @returns undefined when there is nothing to be had: no OAuth, or nothing new to ask for
 * @throws SetupError what a person has to do
 */
export async function renewTokens(options: RenewTokensOptions): Promise<StoredTokens | undefined> {
  const { endpoint, signIn, challenge, signal, name } = options;
  const said = parseChallenge(challenge);
  if (challenge.status === 403 && said.error !== 'insufficient_scope') return undefined;
  const fetch = createAuthFetch({ env: signIn.env, allowHttp: signIn.allowHttp, signal });
  try {
    const server = await discoverSignIn({
      endpoint,
      resourceMetadataUrl: said.resourceMetadataUrl,
      preferredIssuer: signIn.client?.issuer ?? options.refused?.issuer,
      fetch,
    });
    if (!server) return undefined;
    await checkMove(options, server);
    return await renewLocked({ ...options, server, challengedScope: said.scope, fetch });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toSignInError(error, name);
  }
}

function parseChallenge({ wwwAuthenticate }: Challenge): ReturnType<typeof extractWWWAuthenticateParams> {
  const headers = new Headers();
  if (wwwAuthenticate !== undefined) headers.set('www-authenticate', wwwAuthenticate);
  return extractWWWAuthenticateParams(new Response(null, { headers }));
}

/** Client registration, Authorization Server Binding: a client id given by hand is not shown to another server. */
async function checkMove({ endpoint, signIn, store }: RenewTokensOptions, server: SignInServer): Promise<void> {
  if (!signIn.client || signIn.client.issuer !== undefined) return;
  const place = await store.readPlace(endpoint);
  if (!place || place.issuer === server.issuer) return;
  throw new SetupError(
    'client-issuer-mismatch',
    `Cannot sign in through ${server.issuer}: the configured client id was used at ${place.issuer} until now`,
    'If the server has moved, run mcp-connect logout, set the client id of the new place, and sign in again.',
  );
}

async function renewLocked(renewal: Renewal): Promise<StoredTokens | undefined> {
  const { store, server, signal, signIn, name } = renewal;
  const onWait = (): void => signIn.log(`waiting for another mcp-connect that is signing in to ${name}`);
  return await withFileLock({ path: store.lockPath(server), signal, onWait }, async () => {
    const stored = await store.readTokens(server);
    if (!renewal.isAsked) {
      if (stored && isWorthTrying(renewal, stored)) {
        await store.writePlace(renewal.endpoint, stored);
        return stored;
      }
      if (isHopeless(renewal, stored)) return undefined;
      const refreshed = stored && (await tryRefresh(renewal, stored));
      if (refreshed) return await remember(renewal, refreshed);
      await checkFailure(renewal);
    }
    return await remember(renewal, await signInNow(renewal, stored));
  });
}

/** Another instance got these since. */
function isWorthTrying({ refused, challengedScope }: Renewal, stored: StoredTokens): boolean {
  return stored.accessToken !== refused?.accessToken && coversScope(stored.requestedScope, challengedScope);
}

/** A step-up to scopes that were asked for already would end as the last one did (Step-Up Authorization Flow, 4). */
function isHopeless(
  { challenge, challengedScope, refusals, name }: Renewal,
  stored: StoredTokens | undefined,
): boolean {
  if (challenge.status === 403) return stored !== undefined && coversScope(stored.requestedScope, challengedScope);
  if (refusals <= FRESH_REFUSALS_MAX) return false;
  throw new SetupError(
    'token-refused',
    `Cannot sign in to ${name}: the server refuses every token its sign-in server issues`,
    'Tell the owner of the server, or run mcp-connect login with another account.',
  );
}

async function tryRefresh(renewal: Renewal, stored: StoredTokens): Promise<StoredTokens | undefined> {
  const { challenge, challengedScope, refusals, server, fetch } = renewal;
  const { refreshToken } = stored;
  const canHelp = challenge.status === 401 && refusals <= 1 && coversScope(stored.requestedScope, challengedScope);
  if (refreshToken === undefined || !canHelp) return undefined;
  try {
    const tokens = await refreshAuthorization(server.issuer, {
      metadata: server.metadata,
      clientInformation: stored.client,
      refreshToken,
      resource: server.resource,
      fetchFn: fetch,
    });
    return toStored(renewal, { tokens, client: stored.client, requestedScope: stored.requestedScope });
  } catch (error) {
    // Expired, revoked, or the server has forgotten mcp-connect: a sign-in mends all of these.
    if (!(error instanceof OAuthError) || error.code === OAuthErrorCode.ServerError) throw error;
    if (isForgottenClient(error)) await renewal.store.removeClient(server.issuer);
    return undefined;
  }
}

/** One person who declined has declined for all instances that were waiting. */
async function checkFailure({ store, server }: Renewal): Promise<void> {
  const failure = await store.readFailure(server);
  const ageMs = failure ? Date.now() - failure.atMs : Number.POSITIVE_INFINITY;
  if (failure && ageMs >= 0 && ageMs < SHARED_FAILURE_REST_MS) {
    throw new SetupError('sign-in-failed-before', failure.message, failure.hint);
  }
}

async function signInNow(renewal: Renewal, stored: StoredTokens | undefined): Promise<StoredTokens> {
  const { server, challengedScope, store, signal, name } = renewal;
  const requestedScope = chooseScope({
    challenged: challengedScope,
    resourceScopes: server.resourceScopes,
    requestedBefore: stored?.requestedScope,
    serverScopes: server.metadata.scopes_supported,
  });
  if (renewal.isAsked) await store.removeClient(server.issuer);
  try {
    const result = await signInOnce({ ...renewal, scope: requestedScope });
    return toStored(renewal, { ...result, requestedScope });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { code, message, hint } = toSignInError(error, name);
    if (code !== 'sign-in-failed') await store.writeFailure(server, { atMs: Date.now(), message, hint });
    throw error;
  }
}

async function signInOnce(request: SignInRequest): Promise<SignInResult> {
  try {
    return await signInSomehow(request);
  } catch (error) {
    // What was registered long ago may have been forgotten; there is nothing to mend where the client is given.
    if (!isForgottenClient(error) || request.signIn.client) throw error;
    await request.store.removeClient(request.server.issuer);
    return await signInSomehow(request);
  }
}

async function signInSomehow(request: SignInRequest): Promise<SignInResult> {
  const { client, browser, platform, env } = request.signIn;
  if (client?.grant === 'client_credentials') return await signInByClientCredentials(request);
  const device = browser === 'never' || !hasDisplay(platform, env) ? deviceEndpoint(request) : undefined;
  return device === undefined ? await signInByBrowser(request) : await signInByDeviceCode(request, device);
}

function isForgottenClient(error: unknown): boolean {
  const codes: string[] = [OAuthErrorCode.InvalidClient, OAuthErrorCode.UnauthorizedClient];
  return error instanceof OAuthError && codes.includes(error.code);
}

function toStored(
  { server }: Renewal,
  got: { tokens: OAuthTokens; client: ClientIdentity; requestedScope: string | undefined },
): StoredTokens {
  const { tokens, client, requestedScope } = got;
  if (!isAccessToken(tokens.access_token) || tokens.token_type.toLowerCase() !== 'bearer') {
    throw new OAuthError('invalid_token', 'the token is no bearer token');
  }
  return {
    issuer: server.issuer,
    resource: server.resource,
    accessToken: tokens.access_token,
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
    ...(requestedScope !== undefined && { requestedScope }),
    ...(tokens.expires_in !== undefined && { expiresAtMs: Date.now() + tokens.expires_in * 1000 }),
    obtainedAtMs: Date.now(),
    client,
  };
}

/** Tokens that cannot be kept, on a full disk say, are good for this run: the server has issued them, and forgot the former. */
async function remember({ store, endpoint, signIn }: Renewal, tokens: StoredTokens): Promise<StoredTokens> {
  try {
    await store.writeTokens(tokens);
    await store.writePlace(endpoint, tokens);
  } catch (error) {
    signIn.log(`the sign-in cannot be kept (${errorCode(error)}), and will be asked for again`);
  }
  return tokens;
}
