import { randomBytes } from 'node:crypto';
import {
  exchangeAuthorization,
  OAuthError,
  startAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import { SetupError } from '../setup-error.ts';
import { quoteServer, toSignInError } from './auth-error.ts';
import { SIGN_IN_TIMEOUT_MS } from './auth-limits.ts';
import { type Callback, type CallbackServer, startCallbackServer } from './callback-server.ts';
import { obtainClient, registeredRedirectUri } from './obtain-client.ts';
import { checkOpenable, hasDisplay, openBrowser } from './open-browser.ts';
import type { SignInRequest, SignInResult } from './sign-in-request.ts';

/**
 * Authorization code with PKCE (2026-07-28 authorization, Authorization Flow Steps). The callback server listens before
 * the URL is shown.
 * @throws SetupError pkce-unsupported, auth-url-not-secure, sign-in-denied, sign-in-timeout and what a client needs
 */
export async function signInByBrowser(request: SignInRequest): Promise<SignInResult> {
  const { server, store } = request;
  checkPkce(request);
  // Checked before anything is registered, and again with its parameters.
  checkOpenable(new URL(server.metadata.authorization_endpoint), request.signIn.allowHttp);
  const preferredUri = request.signIn.client ? undefined : await registeredRedirectUri(store, server.issuer);
  const callbacks = await startCallbackServer({ preferredUri });
  try {
    return await askBrowser(request, callbacks);
  } finally {
    callbacks.close();
  }
}

/** Security Considerations, Authorization Code Protection: without a published S256 the client must not go on. */
function checkPkce({ server, name }: SignInRequest): void {
  if (server.metadata.code_challenge_methods_supported?.includes('S256')) return;
  throw new SetupError(
    'pkce-unsupported',
    `Cannot sign in to ${name}: ${server.issuer} does not publish PKCE with S256, expected by the MCP authorization spec`,
    'Tell the owner of the server. An API key works without.',
  );
}

async function askBrowser(request: SignInRequest, callbacks: CallbackServer): Promise<SignInResult> {
  const { server, scope, signIn, fetch } = request;
  const { redirectUri } = callbacks;
  const client = await obtainClient({ ...request, redirectUri });
  const state = randomBytes(32).toString('base64url');
  const { authorizationUrl, codeVerifier } = await startAuthorization(server.issuer, {
    metadata: server.metadata,
    clientInformation: client,
    redirectUrl: redirectUri,
    state,
    resource: server.resource,
    ...(scope !== undefined && { scope }),
  });
  checkOpenable(authorizationUrl, signIn.allowHttp);
  const callback = await waitForPerson({ request, callbacks, state, authorizationUrl });
  try {
    const code = readCode(request, callback.params);
    const iss = callback.params.get('iss');
    const tokens = await exchangeAuthorization(server.issuer, {
      metadata: server.metadata,
      clientInformation: client,
      authorizationCode: code,
      codeVerifier,
      redirectUri,
      resource: server.resource,
      ...(iss !== null && { iss }),
      fetchFn: fetch,
    });
    callback.finish({ title: 'Signed in', text: `You are signed in to ${request.name}. You can close this tab.` });
    return { tokens, client };
  } catch (error) {
    const { message, hint } = toSignInError(error, request.name);
    callback.finish({ title: 'Not signed in', text: `${message}. ${hint}` });
    throw error;
  }
}

async function waitForPerson(options: {
  request: SignInRequest;
  callbacks: CallbackServer;
  state: string;
  authorizationUrl: URL;
}): Promise<Callback> {
  const { request, callbacks, state, authorizationUrl } = options;
  const { signIn, name, signal } = request;
  const timeout = AbortSignal.timeout(SIGN_IN_TIMEOUT_MS);
  const answer = callbacks.receive(state, AbortSignal.any([signal, timeout]));
  const isOpened = signIn.browser === 'auto' && hasDisplay(signIn.platform, signIn.env);
  signIn.log(
    isOpened
      ? `sign in to ${name} in the browser that opens now. If none does, open\n${authorizationUrl.href}`
      : `sign in to ${name}: open on this machine\n${authorizationUrl.href}`,
  );
  if (isOpened) openBrowser({ platform: signIn.platform, env: signIn.env, url: authorizationUrl });
  try {
    return await answer;
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    // The server may have forgotten the client, which a person sees in the browser and nobody else does.
    await request.store.removeClient(request.server.issuer);
    throw new SetupError(
      'sign-in-timeout',
      `Cannot sign in to ${name}: nobody did within ${SIGN_IN_TIMEOUT_MS / 60_000} minutes`,
      'Run mcp-connect login to try again.',
    );
  }
}

/** RFC 9207, 2.4: the issuer is checked before anything else of the answer is believed or shown. */
function readCode({ server, name }: SignInRequest, params: URLSearchParams): string {
  validateAuthorizationResponseIssuer({
    iss: params.get('iss') ?? undefined,
    expectedIssuer: server.issuer,
    issParameterSupported: server.metadata.authorization_response_iss_parameter_supported === true,
  });
  const error = params.get('error');
  if (error === 'access_denied') {
    throw new SetupError(
      'sign-in-denied',
      `Cannot sign in to ${name}: it was declined in the browser`,
      'Run mcp-connect login to try again.',
    );
  }
  if (error !== null) throw new OAuthError(quoteServer(error), quoteServer(params.get('error_description') ?? error));
  const code = params.get('code');
  if (code === null) throw new OAuthError('invalid_request', 'the answer holds neither a code nor an error');
  return code;
}
