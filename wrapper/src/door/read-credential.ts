import type { HttpRequest } from '../http/http-exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { CREDENTIAL_CHARACTERS_MAX } from '../limits.ts';
import { ERROR } from '../protocol/json-rpc.ts';

/**
 * The bearer credential of a request: an API key or an access token. Taken from the Authorization header only (2026-07-28
 * and 2025-11-25, authorization: access tokens MUST NOT be in the query).
 * @returns undefined when there is none, or one of another scheme
 * @throws Refusal 400 for what is malformed (RFC 6750, 3.1: `invalid_request`)
 */
export function readCredential(req: HttpRequest): string | undefined {
  if (countAuthorizations(req.rawHeaders) > 1) throw malformed('There is more than one Authorization header');
  if (req.url !== undefined && HAS_QUERY_TOKEN.test(req.url)) {
    throw malformed('A token must be sent in the Authorization header, never in the URL');
  }
  const header = req.headers.authorization;
  if (header === undefined) return undefined;
  if (!/^Bearer(?: |$)/i.test(header)) return undefined;
  const credential = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(header)?.[1];
  if (credential === undefined) throw malformed('The Authorization header must be "Bearer" and one credential');
  if (credential.length > CREDENTIAL_CHARACTERS_MAX) {
    throw malformed(`The credential is longer than ${CREDENTIAL_CHARACTERS_MAX} characters`);
  }
  return credential;
}

const HAS_QUERY_TOKEN = /[?&]access_token=/;

/** `req.headers` keeps the first of two silently; a proxy before us may have judged by the other. */
function countAuthorizations(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 'authorization'.length && name.toLowerCase() === 'authorization') count += 1;
  }
  return count;
}

function malformed(message: string): Refusal {
  return new Refusal({
    status: 400,
    reason: 'bad-request',
    code: ERROR.invalidRequest,
    message,
    headers: { 'www-authenticate': 'Bearer error="invalid_request"' },
  });
}
