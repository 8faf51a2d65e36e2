/**
 * The endpoint as an OAuth 2.1 protected resource: its metadata document and the challenges that lead clients to it
 * (RFC 9728; 2026-07-28 and 2025-11-25, authorization).
 */
export class ProtectedResource {
  readonly #paths: ReadonlySet<string>;
  readonly #metadataUrl: string;
  /** The JSON of the metadata document. */
  readonly metadata: string;
  readonly #needed: readonly (readonly string[])[];

  /**
   * @param options.publicUrl the resource identifier
   * @param options.scopes what a token must have; `read|admin` is satisfied by either and asks for the first: a broader
   *   scope implies narrower ones (2026-07-28, authorization, scope challenges)
   */
  constructor({ publicUrl, issuer, scopes }: { publicUrl: string; issuer: string; scopes: readonly string[] }) {
    const { origin, pathname } = new URL(publicUrl);
    const path = pathname === '/' ? '' : pathname;
    this.#metadataUrl = `${origin}${WELL_KNOWN}${path}`;
    this.#paths = new Set([WELL_KNOWN, `${WELL_KNOWN}/mcp`, `${WELL_KNOWN}${path}`]);
    this.#needed = scopes.map((scope) => scope.split('|'));
    this.metadata = JSON.stringify({
      resource: publicUrl,
      authorization_servers: [issuer],
      ...(scopes.length > 0 && { scopes_supported: this.#scope.split(' ') }),
      bearer_methods_supported: ['header'],
    });
  }

  /** Whether the document is served at this path: below the well-known name alone, and with the endpoint's path. */
  isMetadataPath(path: string): boolean {
    return path.startsWith(WELL_KNOWN) && this.#paths.has(path);
  }

  isSufficient(scopes: readonly string[]): boolean {
    return this.#needed.every((oneOf) => oneOf.some((scope) => scopes.includes(scope)));
  }

  /** The value of `WWW-Authenticate`. All scopes that are needed are asked for at once. */
  challenge(error?: 'invalid_token' | 'insufficient_scope'): string {
    const parts = [
      ...(error ? [`error="${error}"`] : []),
      `resource_metadata="${this.#metadataUrl}"`,
      ...(this.#needed.length > 0 ? [`scope="${this.#scope}"`] : []),
    ];
    return `Bearer ${parts.join(', ')}`;
  }

  get #scope(): string {
    return this.#needed.map(([first]) => first).join(' ');
  }
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
