import { randomBytes } from 'node:crypto';

interface ServiceAccount {
  namespace: string;
  name: string;
}

/** Tokens that `kubectl create token` gave out; they end with the sandbox. */
export class ServiceAccountTokens {
  readonly #accounts = new Map<string, ServiceAccount>();

  issue(account: ServiceAccount): string {
    const token = randomBytes(32).toString('base64url');
    this.#accounts.set(token, account);
    return token;
  }

  find(token: string): ServiceAccount | undefined {
    return this.#accounts.get(token);
  }
}
