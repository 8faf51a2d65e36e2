import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import {
  CLOCK_SKEW_SECONDS,
  ISSUER_RETRY_MS,
  ISSUER_TIMEOUT_MS,
  JWKS_AGE_MAX_MS,
  JWKS_COOLDOWN_MS,
} from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { discoverJwksUrl, IssuerUnavailable } from './discover-issuer.ts';
import type { Principal } from './principal.ts';

export interface TokenVerifierOptions {
  issuer: string;
  /** A token must name one of these in `aud`. */
  audiences: readonly string[];
  nowMs: () => number;
  log: Log;
  /** For an unknown key id the issuer is asked at most this often. */
  jwksCooldownMs?: number;
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

export type VerifiedToken = { ok: true; principal: Principal; expiresAtMs: number } | { ok: false };

/** Signatures that only the issuer can make: with HS256 its public key would do, with `none` anything. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Access tokens (RFC 9068, 2.1) and what older issuers call them; logout and proof tokens have types of their own. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt', 'application/jwt'];

/** Checks JWT access tokens against one issuer's published keys. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  #keys: Promise<RemoteKeys> | undefined;
  #silentUntilMs = 0;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /** @throws IssuerUnavailable when the keys cannot be got at the moment: nobody can tell then whether the token is good */
  async verify(token: string): Promise<VerifiedToken> {
    // Anything else would cost the issuer a request and us a parse.
    if (!/^[^.]+\.[^.]+\.[^.]+$/.test(token)) return { ok: false };
    try {
      const { payload, protectedHeader } = await this.#verifyByAnyKey(token, {
        algorithms: ALGORITHMS,
        issuer: this.#options.issuer,
        audience: [...this.#options.audiences],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(this.#options.nowMs()),
        requiredClaims: ['exp'],
      });
      return TYPES.includes(protectedHeader.typ?.toLowerCase()) ? readClaims(payload) : { ok: false };
    } catch (error) {
      if (isTokensFault(error)) return { ok: false };
      throw this.#reportIssuer(error);
    }
  }

  /** A token need not say by which of the issuer's keys it is signed (RFC 7515, 4.1.4): then each that fits is tried. */
  async #verifyByAnyKey(token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
    try {
      return await jwtVerify(token, this.#findKey, options);
    } catch (several) {
      if (!(several instanceof errors.JWKSMultipleMatchingKeys)) throw several;
      for await (const key of several) {
        try {
          return await jwtVerify(token, key, options);
        } catch (error) {
          if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  /** After a failure the issuer is left alone for a while; the keys it gave before are still good. */
  readonly #findKey: JWTVerifyGetKey = async (header, token) => {
    const isSilent = this.#options.nowMs() < this.#silentUntilMs;
    if (!isSilent) return await (await this.#discoverKeys())(header, token);
    const keys = await this.#keys;
    const jwks = keys?.fresh ? keys.jwks() : undefined;
    if (!jwks) throw new IssuerUnavailable('The issuer failed a moment ago');
    return await createLocalJWKSet(jwks)(header, token).catch((cause: unknown) => {
      if (cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      throw new IssuerUnavailable('The issuer failed a moment ago', { cause });
    });
  };

  #discoverKeys(): Promise<RemoteKeys> {
    if (this.#keys) return this.#keys;
    const keys = discoverJwksUrl(this.#options.issuer).then((url) =>
      createRemoteJWKSet(url, {
        timeoutDuration: ISSUER_TIMEOUT_MS,
        cooldownDuration: this.#options.jwksCooldownMs ?? JWKS_COOLDOWN_MS,
        cacheMaxAge: JWKS_AGE_MAX_MS,
      }),
    );
    this.#keys = keys;
    keys.catch(() => {
      this.#keys = undefined;
    });
    return keys;
  }

  #reportIssuer(error: unknown): IssuerUnavailable {
    const nowMs = this.#options.nowMs();
    if (nowMs >= this.#silentUntilMs) {
      this.#silentUntilMs = nowMs + ISSUER_RETRY_MS;
      const cause = error instanceof Error ? error.message : String(error);
      this.#options.log.error('Tokens cannot be checked: the issuer does not answer', { cause });
    }
    return error instanceof IssuerUnavailable ? error : new IssuerUnavailable('Cannot get the keys', { cause: error });
  }
}

/** jose raises its general error and the timeout only for what the issuer did; all others are about the token. */
function isTokensFault(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code);
}

function readClaims(payload: JWTPayload): VerifiedToken {
  const { iss, sub, exp, client_id: client, cnf } = payload;
  // A token bound to a key of its holder is worth nothing without the proof, which is not asked for here (RFC 9449, 7.1).
  if (cnf !== undefined || exp === undefined) return { ok: false };
  const subject = typeof sub === 'string' && sub !== '' ? sub : undefined;
  const holder = subject !== undefined ? ['sub', subject] : typeof client === 'string' ? ['client', client] : undefined;
  if (!holder) return { ok: false };
  const id = createHash('sha256')
    .update(JSON.stringify([iss, ...holder]))
    .digest('base64url')
    .slice(0, 16);
  const expiresAtMs = (exp + CLOCK_SKEW_SECONDS) * 1000;
  const principal: Principal = {
    id,
    kind: 'token',
    expiresAtMs,
    scopes: readScopes(payload),
    ...(subject !== undefined && { subject }),
  };
  return { ok: true, principal, expiresAtMs };
}

/** `scope` of RFC 9068; some issuers write `scp`, as text or as a list. */
function readScopes({ scope, scp }: JWTPayload): readonly string[] {
  const given = scope ?? scp;
  if (Array.isArray(given)) return given.filter((item) => typeof item === 'string');
  return typeof given === 'string' ? given.split(' ').filter((item) => item !== '') : [];
}
