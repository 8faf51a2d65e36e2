import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readStateFile, writeStateFile } from './state-file.ts';

/** Who mcp-connect is at an authorization server, in the field names of RFC 7591. */
export interface ClientIdentity {
  client_id: string;
  client_secret?: string;
  token_endpoint_auth_method?: string;
}

/** Where an endpoint's tokens come from. */
export interface SignInPlace {
  issuer: string;
  /** The resource indicator, exactly as the server published it. */
  resource: string;
}

export interface StoredTokens extends SignInPlace {
  accessToken: string;
  refreshToken?: string;
  /** All scopes ever asked for, so that a step-up loses none. */
  requestedScope?: string;
  expiresAtMs?: number;
  obtainedAtMs: number;
  /** A refresh token belongs to the client it was issued to. */
  client: ClientIdentity;
}

export interface StoredClient {
  issuer: string;
  client: ClientIdentity;
  redirectUri: string;
  /** Ms since 1970; absent when the secret has no end. */
  secretExpiresAtMs?: number;
}

export interface StoredFailure {
  atMs: number;
  message: string;
  hint: string;
}

/**
 * What instances of mcp-connect remember together, one file each: where an endpoint signs in, the tokens by issuer and
 * resource, the client by issuer, the last failure. A file that cannot be used counts as absent.
 */
export class SignInStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async readPlace(endpoint: URL): Promise<SignInPlace | undefined> {
    const value = await readStateFile(this.#path('endpoints', endpoint.href));
    if (!isObject(value) || value.endpoint !== endpoint.href) return undefined;
    const { issuer, resource } = value;
    return typeof issuer === 'string' && typeof resource === 'string' ? { issuer, resource } : undefined;
  }

  async writePlace(endpoint: URL, { issuer, resource }: SignInPlace): Promise<void> {
    await writeStateFile(this.#path('endpoints', endpoint.href), { endpoint: endpoint.href, issuer, resource });
  }

  async removePlace(endpoint: URL): Promise<void> {
    await rm(this.#path('endpoints', endpoint.href), { force: true });
  }

  async readTokens(place: SignInPlace): Promise<StoredTokens | undefined> {
    const value = await readStateFile(this.#path('tokens', keyOf(place)));
    return isTokens(value) && value.issuer === place.issuer && value.resource === place.resource ? value : undefined;
  }

  async writeTokens(tokens: StoredTokens): Promise<void> {
    await writeStateFile(this.#path('tokens', keyOf(tokens)), tokens);
    await rm(this.#path('failures', keyOf(tokens)), { force: true });
  }

  async removeTokens(place: SignInPlace): Promise<void> {
    await rm(this.#path('tokens', keyOf(place)), { force: true });
  }

  async readClient(issuer: string): Promise<StoredClient | undefined> {
    const value = await readStateFile(this.#path('clients', issuer));
    return isStoredClient(value) && value.issuer === issuer ? value : undefined;
  }

  async writeClient(client: StoredClient): Promise<void> {
    await writeStateFile(this.#path('clients', client.issuer), client);
  }

  async removeClient(issuer: string): Promise<void> {
    await rm(this.#path('clients', issuer), { force: true });
  }

  async readFailure(place: SignInPlace): Promise<StoredFailure | undefined> {
    const value = await readStateFile(this.#path('failures', keyOf(place)));
    return isFailure(value) ? value : undefined;
  }

  async writeFailure(place: SignInPlace, failure: StoredFailure): Promise<void> {
    await writeStateFile(this.#path('failures', keyOf(place)), failure);
  }

  lockPath(place: SignInPlace): string {
    return this.#path('locks', keyOf(place));
  }

  #path(kind: string, key: string): string {
    return join(this.#directory, kind, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }
}

function keyOf({ issuer, resource }: SignInPlace): string {
  return JSON.stringify([issuer, resource]);
}

function isTokens(value: unknown): value is StoredTokens {
  return (
    isObject(value) &&
    isText(value.issuer) &&
    isText(value.resource) &&
    isAccessToken(value.accessToken) &&
    isOptional(isText, value.refreshToken) &&
    isOptional(isText, value.requestedScope) &&
    isOptional(isNumber, value.expiresAtMs) &&
    isNumber(value.obtainedAtMs) &&
    isClient(value.client)
  );
}

/** RFC 6750, 2.1: what may follow `Bearer`, and cannot end the header. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

function isStoredClient(value: unknown): value is StoredClient {
  return (
    isObject(value) &&
    isText(value.issuer) &&
    isText(value.redirectUri) &&
    URL.canParse(value.redirectUri) &&
    isOptional(isNumber, value.secretExpiresAtMs) &&
    isClient(value.client)
  );
}

function isClient(value: unknown): value is ClientIdentity {
  return (
    isObject(value) &&
    isText(value.client_id) &&
    isOptional(isText, value.client_secret) &&
    isOptional(isText, value.token_endpoint_auth_method)
  );
}

function isFailure(value: unknown): value is StoredFailure {
  return isObject(value) && isNumber(value.atMs) && isText(value.message) && isText(value.hint);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isOptional(is: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || is(value);
}
