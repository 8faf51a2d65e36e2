import { ISSUER_METADATA_BYTES_MAX, ISSUER_TIMEOUT_MS } from '../limits.ts';
import { isLoopbackName } from './is-loopback-name.ts';

/** The issuer does not answer, or not with what it must. The cause is for the log; clients are told to come back. */
export class IssuerUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IssuerUnavailable';
  }
}

/**
 * Where an issuer publishes its metadata, in the order to try (2026-07-28, authorization server discovery: RFC 8414, then
 * OpenID Connect by path insertion, then by path appending).
 */
export function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    ...(path === '' ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/**
 * Finds the issuer's signing keys.
 * @throws IssuerUnavailable
 */
export async function discoverJwksUrl(issuer: string): Promise<URL> {
  const problems: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      return readJwksUrl(await fetchMetadata(url), issuer);
    } catch (error) {
      problems.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new IssuerUnavailable(`Cannot find the keys of the issuer: ${problems.join('; ')}`);
}

async function fetchMetadata(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(ISSUER_TIMEOUT_MS);
  const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'error', signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > ISSUER_METADATA_BYTES_MAX) throw new Error('the metadata is too large');
  }
  return JSON.parse(text);
}

/** The `issuer` in it must be the one asked for, or anyone could speak for it (RFC 8414, 3.3). */
function readJwksUrl(metadata: unknown, issuer: string): URL {
  const { issuer: named, jwks_uri: uri } = (metadata ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Error('the metadata names another issuer');
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error('the metadata has no jwks_uri');
  const url = new URL(uri);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname));
  if (!isSafe) throw new Error('the jwks_uri is not an https URL');
  return url;
}
