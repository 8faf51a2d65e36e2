import { SetupError } from '../setup-error.ts';
import { EXPIRY_MARGIN_MS, FRESH_REFUSALS_MAX, FRESH_TOKEN_MS, SIGN_IN_REST_MS } from './auth-limits.ts';
import type { Challenge, Credentials, SignInSettings } from './credentials.ts';
import { SignInStore, type StoredTokens } from './sign-in-store.ts';

/**
 * Tokens of the shared store. What signs in is loaded when it is needed first, so that a start with a stored token is
 * as fast as one with an API key.
 */
export class OAuthCredentials implements Credentials {
  readonly #endpoint: URL;
  readonly #name: string;
  readonly #signIn: SignInSettings;
  readonly #store: SignInStore;
  #tokens: StoredTokens | undefined;
  #isLoaded = false;
  #renewal: Promise<boolean> | undefined;
  #freshRefusals = 0;
  #failure: { error: SetupError; atMs: number } | undefined;

  constructor({ endpoint, name, signIn }: { endpoint: URL; name: string; signIn: SignInSettings }) {
    this.#endpoint = endpoint;
    this.#name = name;
    this.#signIn = signIn;
    this.#store = new SignInStore(signIn.stateDirectory);
  }

  async authorization(): Promise<string | undefined> {
    const expiresAtMs = this.#tokens?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    // Another instance may have renewed what has expired here. If none has, the server's 401 leads to a renewal.
    if (!this.#isLoaded || expiresAtMs - EXPIRY_MARGIN_MS < Date.now()) this.#tokens = await this.#readStored();
    this.#isLoaded = true;
    return this.#tokens && bearer(this.#tokens);
  }

  /** Requests that are refused together share one renewal. */
  renew(challenge: Challenge, signal: AbortSignal): Promise<boolean> {
    this.#renewal ??= this.#renewOnce(challenge, signal).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renewOnce(challenge: Challenge, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const { status, sent } = challenge;
    const isCurrent = sent === undefined || (this.#tokens !== undefined && bearer(this.#tokens) === sent);
    if (status === 401 && this.#tokens && !isCurrent) return true;
    const refused = isCurrent ? this.#tokens : undefined;
    if (this.#failure && Date.now() - this.#failure.atMs < SIGN_IN_REST_MS) throw this.#failure.error;
    this.#failure = undefined;
    const refusals = this.#countRefusal(status, refused);
    try {
      const { renewTokens } = await import('./renew-tokens.ts');
      const outcome = await renewTokens({
        endpoint: this.#endpoint,
        name: this.#name,
        signIn: this.#signIn,
        store: this.#store,
        challenge,
        refused,
        refusals,
        signal,
      });
      if (!outcome) return false;
      this.#tokens = outcome;
      return true;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof SetupError && !isOutage(error)) this.#failure = { error, atMs: Date.now() };
      throw error;
    }
  }

  /** How often in a row a token was refused that was new, so that its age cannot be the reason. */
  #countRefusal(status: 401 | 403, refused: StoredTokens | undefined): number {
    const isFresh = refused !== undefined && Date.now() - refused.obtainedAtMs < FRESH_TOKEN_MS;
    if (status === 401) this.#freshRefusals = isFresh ? this.#freshRefusals + 1 : 0;
    return Math.min(this.#freshRefusals, FRESH_REFUSALS_MAX + 1);
  }

  async #readStored(): Promise<StoredTokens | undefined> {
    const place = await this.#store.readPlace(this.#endpoint);
    return place && (await this.#store.readTokens(place));
  }
}

/** Asking again costs a person nothing then: no tab was opened, or the network failed after it. */
function isOutage({ code }: SetupError): boolean {
  return code === 'sign-in-failed';
}

function bearer({ accessToken }: StoredTokens): string {
  return `Bearer ${accessToken}`;
}
