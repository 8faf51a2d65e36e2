/** Who came in. Sessions, streams and rates are bound to `id`, which holds no secret and may be logged. */
export interface Principal {
  readonly id: string;
  readonly kind: 'public' | 'key' | 'token';
  /** As the keys file calls the key. */
  readonly name?: string;
  /** The token's `sub`, unique within its issuer. */
  readonly subject?: string;
  /** Wall-clock time from which the token is not good any more. */
  readonly expiresAtMs?: number;
  /** What the token allows; keys and the public have none and may do everything. */
  readonly scopes: readonly string[];
}

/** Everybody, where neither keys nor tokens are asked for. */
export const PUBLIC_PRINCIPAL: Principal = { id: 'public', kind: 'public', scopes: [] };
