import type { HttpRequest } from '../http/http-exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { RETRY_AFTER_SECONDS } from '../limits.ts';
import { IssuerUnavailable } from './discover-issuer.ts';
import { HostPolicy, type HostPolicyOptions } from './host-policy.ts';
import { isLive, type Key, KeyList, type KnownKey } from './key-list.ts';
import { KeyUses } from './key-uses.ts';
import { type Principal, PUBLIC_PRINCIPAL } from './principal.ts';
import type { ProtectedResource } from './protected-resource.ts';
import { readCredential } from './read-credential.ts';
import { sha256 } from './sha256.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';
import type { VerifiedTokens } from './verified-tokens.ts';

export interface DoorOptions {
  hosts: HostPolicyOptions;
  /** Keys that never change. */
  keys: readonly Key[];
  /** A credential is asked for even while there is no key: they come from a file, which may be empty or missing. */
  needsKey: boolean;
  oauth?: { verifier: TokenVerifier; resource: ProtectedResource; verified: VerifiedTokens };
  /** Wall-clock time, as keys expire by. */
  nowMs: () => number;
}

/** Checks every request, sessions or not (2026-07-28, authorization): Host, Origin, then the key or access token. */
export class Door {
  readonly #options: DoorOptions;
  readonly #hosts: HostPolicy;
  /** Checks under way, so that a burst with a new token costs one. */
  readonly #pending = new Map<string, Promise<VerifiedToken>>();
  #keys: KeyList;
  /** Keys that came in before, by digest, so that theirs are not compared with all others again. */
  readonly #usedKeys = new Map<string, KnownKey>();
  readonly #keyUses = new KeyUses();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#hosts = new HostPolicy(options.hosts);
    this.#keys = new KeyList(options.keys);
  }

  get resource(): ProtectedResource | undefined {
    return this.#options.oauth?.resource;
  }

  /** False: everybody is let in. */
  get asksForCredential(): boolean {
    const { needsKey, oauth } = this.#options;
    return needsKey || oauth !== undefined;
  }

  /** When keys that have an id were used last, in ms of the wall clock. */
  get keyUses(): ReadonlyMap<string, number> {
    return this.#keyUses.all;
  }

  /** Takes effect with the next request. @returns ids of the principals that may not enter any more */
  replaceFileKeys(keys: readonly Key[]): ReadonlySet<string> {
    const before = this.#keys.ids;
    this.#keys = new KeyList([...this.#options.keys, ...keys]);
    this.#usedKeys.clear();
    this.#keyUses.retain(new Set(keys.flatMap(({ id }) => id ?? [])));
    const { ids } = this.#keys;
    return new Set([...before].filter((id) => !ids.has(id)));
  }

  /**
   * At once for everybody but the bearer of a token that was not seen before.
   * @throws Refusal 400, 401, 403 or 503, by promise in the latter case
   */
  admit(req: HttpRequest): Principal | Promise<Principal> {
    this.#hosts.checkHost(req);
    this.#hosts.checkOrigin(req);
    return this.identify(req);
  }

  /** @throws Refusal 403 */
  checkHostAndOrigin(req: HttpRequest): void {
    this.#hosts.checkHost(req);
    this.#hosts.checkOrigin(req);
  }

  /** `admit` without Host and Origin, for what is asked by address, such as `/metrics`. */
  identify(req: HttpRequest): Principal | Promise<Principal> {
    if (!this.asksForCredential) return PUBLIC_PRINCIPAL;
    const { oauth } = this.#options;
    const credential = readCredential(req);
    if (credential === undefined) throw this.#unauthorized('missing');
    const digest = sha256(credential);
    const holder = this.#findKey(digest);
    if (holder) return holder;
    if (!oauth) throw this.#unauthorized('wrong');
    const known = oauth.verified.get(digest);
    return known ? this.#checkScopes(known) : this.#verify(oauth, { token: credential, digest });
  }

  #findKey(digest: string): Principal | undefined {
    const key = this.#usedKeys.get(digest) ?? this.#keys.find(Buffer.from(digest, 'hex'));
    if (!key) return undefined;
    const nowMs = this.#options.nowMs();
    if (!isLive(key, nowMs)) return undefined;
    this.#usedKeys.set(digest, key);
    if (key.id !== undefined) this.#keyUses.note(key.id, nowMs);
    return key.principal;
  }

  async #verify(
    { verifier, verified }: NonNullable<DoorOptions['oauth']>,
    { token, digest }: { token: string; digest: string },
  ): Promise<Principal> {
    const pending = this.#pending.get(digest) ?? verifier.verify(token);
    this.#pending.set(digest, pending);
    try {
      const outcome = await pending;
      if (!outcome.ok) throw this.#unauthorized('wrong');
      verified.set(digest, outcome.principal, outcome.expiresAtMs);
      return this.#checkScopes(outcome.principal);
    } catch (error) {
      if (!(error instanceof IssuerUnavailable)) throw error;
      throw new Refusal({
        status: 503,
        reason: 'auth-unavailable',
        message: 'Access tokens cannot be checked at the moment',
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      });
    } finally {
      this.#pending.delete(digest);
    }
  }

  #checkScopes(principal: Principal): Principal {
    const { oauth } = this.#options;
    if (!oauth || oauth.resource.isSufficient(principal.scopes)) return principal;
    throw new Refusal({
      status: 403,
      reason: 'insufficient-scope',
      message: 'This access token does not have the scopes that are needed',
      headers: { 'www-authenticate': oauth.resource.challenge('insufficient_scope') },
    });
  }

  #unauthorized(credential: 'missing' | 'wrong'): Refusal {
    const { oauth } = this.#options;
    const error = credential === 'wrong' ? ('invalid_token' as const) : undefined;
    const challenge = oauth?.resource.challenge(error) ?? (error ? `Bearer error="${error}"` : 'Bearer');
    const wanted = oauth ? 'An access token' : 'An API key';
    const message = error
      ? `This ${oauth ? 'credential' : 'API key'} is not valid here`
      : `${wanted} is needed: send "Authorization: Bearer <${oauth ? 'token' : 'key'}>"`;
    return new Refusal({ status: 401, reason: 'unauthorized', message, headers: { 'www-authenticate': challenge } });
  }
}
