import {
  type OAuthClientInformationFull,
  OAuthError,
  RegistrationRejectedError,
  registerClient,
} from '@modelcontextprotocol/client';
import { SetupError } from '../setup-error.ts';
import { quoteServer } from './auth-error.ts';
import type { AuthFetch } from './auth-fetch.ts';
import type { SignInSettings } from './credentials.ts';
import type { SignInServer } from './discover-sign-in.ts';
import type { ClientIdentity, SignInStore } from './sign-in-store.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface ObtainClientOptions {
  server: SignInServer;
  signIn: SignInSettings;
  store: SignInStore;
  redirectUri: string;
  fetch: AuthFetch;
}

/**
 * Who to be at an authorization server: pre-registered, else by client id metadata document, else registered
 * dynamically (2026-07-28 client registration, in this order). What was registered is kept under the issuer.
 * @throws SetupError client-issuer-mismatch, client-id-missing, registration-refused
 */
export async function obtainClient(options: ObtainClientOptions): Promise<ClientIdentity> {
  const { server, signIn } = options;
  if (signIn.client) return preRegistered(signIn, server);
  const { clientMetadataUrl } = signIn;
  if (clientMetadataUrl !== undefined && server.metadata.client_id_metadata_document_supported === true) {
    return { client_id: clientMetadataUrl, token_endpoint_auth_method: 'none' };
  }
  const { store, redirectUri } = options;
  const known = await store.readClient(server.issuer);
  const isValid = known && (known.secretExpiresAtMs ?? Number.POSITIVE_INFINITY) > Date.now();
  if (isValid && known.redirectUri === redirectUri) return known.client;
  return await register(options);
}

/** The redirect URI to listen at again, so that a registration can be used again. */
export async function registeredRedirectUri(store: SignInStore, issuer: string): Promise<string | undefined> {
  return (await store.readClient(issuer))?.redirectUri;
}

function preRegistered({ client }: SignInSettings, server: SignInServer): ClientIdentity {
  if (!client) throw new TypeError('no client is configured');
  if (client.issuer !== undefined && client.issuer !== server.issuer) {
    throw new SetupError(
      'client-issuer-mismatch',
      `Cannot sign in through ${server.issuer}: the configured client id is of ${client.issuer}`,
      'If the server has moved, register mcp-connect there and correct the config file.',
    );
  }
  return { client_id: client.id, ...(client.secret !== undefined && { client_secret: client.secret }) };
}

/** Without scopes: servers hold a client to those it was registered with, and a step-up needs others later. */
async function register(options: ObtainClientOptions): Promise<ClientIdentity> {
  const { server, redirectUri, fetch, store } = options;
  if (server.metadata.registration_endpoint === undefined) {
    throw new SetupError(
      'client-id-missing',
      `Cannot sign in through ${server.issuer}: it takes registered clients only`,
      'Ask its owner for a client id and set it in MCP_CONNECT_OAUTH_CLIENT_ID.',
    );
  }
  const grants = server.metadata.grant_types_supported ?? [];
  const full = await tryRegister({
    issuer: server.issuer,
    register: () =>
      registerClient(server.issuer, {
        metadata: server.metadata,
        clientMetadata: {
          client_name: 'mcp-connect',
          redirect_uris: [redirectUri],
          application_type: 'native',
          grant_types: [
            'authorization_code',
            ...(grants.length === 0 || grants.includes('refresh_token') ? ['refresh_token'] : []),
            ...(grants.includes(DEVICE_GRANT) ? [DEVICE_GRANT] : []),
          ],
          response_types: ['code'],
          token_endpoint_auth_method: chooseAuthMethod(server.metadata.token_endpoint_auth_methods_supported),
        },
        fetchFn: fetch,
      }),
  });
  const client = toIdentity(full);
  const { client_secret_expires_at: expiresAtS } = full;
  await store.writeClient({
    issuer: server.issuer,
    client,
    redirectUri,
    // RFC 7591, 3.2.1: 0 stands for no end.
    ...(expiresAtS && { secretExpiresAtMs: expiresAtS * 1000 }),
  });
  return client;
}

/** A program on somebody's machine keeps no secret, so `none` comes first (OAuth 2.1, 2.1). */
function chooseAuthMethod(supported: readonly string[] | undefined): string {
  const ours = ['none', 'client_secret_basic', 'client_secret_post'];
  return ours.find((method) => supported?.includes(method)) ?? 'none';
}

function toIdentity(full: OAuthClientInformationFull): ClientIdentity {
  return {
    client_id: full.client_id,
    ...(full.client_secret !== undefined && { client_secret: full.client_secret }),
    ...(full.token_endpoint_auth_method !== undefined && {
      token_endpoint_auth_method: full.token_endpoint_auth_method,
    }),
  };
}

async function tryRegister(options: {
  issuer: string;
  register: () => Promise<OAuthClientInformationFull>;
}): Promise<OAuthClientInformationFull> {
  try {
    return await options.register();
  } catch (error) {
    if (!(error instanceof RegistrationRejectedError || error instanceof OAuthError)) throw error;
    const said = error instanceof RegistrationRejectedError ? `${error.status}: ${error.body}` : error.message;
    throw new SetupError(
      'registration-refused',
      `Cannot sign in through ${options.issuer}: it refuses to register mcp-connect, saying "${quoteServer(said)}"`,
      'Ask its owner for a client id and set it in MCP_CONNECT_OAUTH_CLIENT_ID.',
    );
  }
}
