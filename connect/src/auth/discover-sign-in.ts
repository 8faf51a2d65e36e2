import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  type OAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/client';
import { SetupError } from '../setup-error.ts';
import type { AuthFetch } from './auth-fetch.ts';
import type { SignInPlace } from './sign-in-store.ts';

export interface SignInServer extends SignInPlace {
  metadata: AuthorizationServerMetadata;
  /** What the resource says it needs at least; undefined when it does not say. */
  resourceScopes: readonly string[] | undefined;
}

/**
 * Finds who issues tokens for an endpoint (2026-07-28 authorization server discovery; RFC 9728, RFC 8414).
 * @param options.preferredIssuer taken when the resource lists it; else the first one is
 * @returns undefined when the server offers no OAuth
 * @throws SetupError when what it offers cannot be used, and what `fetch` throws
 */
export async function discoverSignIn(options: {
  endpoint: URL;
  resourceMetadataUrl: URL | undefined;
  preferredIssuer: string | undefined;
  fetch: AuthFetch;
}): Promise<SignInServer | undefined> {
  const { endpoint, preferredIssuer, fetch } = options;
  const published = await readResourceMetadata(options);
  // Before 2025-06-18 the authorization server was the server's own origin.
  const servers = published?.authorization_servers ?? [];
  const issuer = servers.find((server) => server === preferredIssuer) ?? servers[0] ?? endpoint.origin;
  const metadata = await discoverAuthorizationServerMetadata(issuer, { fetchFn: fetch });
  if (!metadata) {
    if (!published) return undefined;
    throw new SetupError(
      'sign-in-server-missing',
      `Cannot sign in through ${issuer}: it publishes no OAuth metadata, expected RFC 8414 or OpenID Connect Discovery`,
      'Tell the owner of the server.',
    );
  }
  return {
    issuer: metadata.issuer,
    resource: published?.resource ?? canonicalUri(endpoint),
    metadata,
    resourceScopes: published?.scopes_supported,
  };
}

async function readResourceMetadata(options: {
  endpoint: URL;
  resourceMetadataUrl: URL | undefined;
  fetch: AuthFetch;
}): Promise<OAuthProtectedResourceMetadata | undefined> {
  const { endpoint, resourceMetadataUrl, fetch } = options;
  for (const url of resourceMetadataUrl ? [resourceMetadataUrl, undefined] : [undefined]) {
    let hasAnswered = false;
    const watched: AuthFetch = async (address, init) => {
      const res = await fetch(address, init);
      hasAnswered = res.status < 500;
      return res;
    };
    try {
      const found = await discoverOAuthProtectedResourceMetadata(
        endpoint,
        url && { resourceMetadataUrl: url },
        watched,
      );
      checkResource(endpoint, found.resource);
      return found;
    } catch (error) {
      // An answer that is no metadata (404, a web page) means that there is none at this place.
      if (error instanceof SetupError || !hasAnswered) throw error;
    }
  }
  return undefined;
}

/** RFC 9728, 3.3: metadata of another resource must not be used. */
function checkResource(endpoint: URL, resource: string): void {
  if (checkResourceAllowed({ requestedResource: endpoint, configuredResource: resource })) return;
  throw new SetupError(
    'resource-mismatch',
    `Cannot sign in to ${endpoint.origin}: it publishes itself as ${new URL(resource).origin}`,
    'Check the URL. If it is right, tell the owner of the server.',
  );
}

function canonicalUri(endpoint: URL): string {
  const { href } = new URL(endpoint.pathname === '/' ? '/' : endpoint.pathname + endpoint.search, endpoint.origin);
  return endpoint.pathname === '/' ? href.slice(0, -1) : href;
}
