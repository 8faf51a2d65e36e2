/** What the tests use of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface StoredToken {
    scope?: string;
    aud?: string | string[];
    grantId?: string;
    isExpired: boolean;
    destroy(): Promise<void>;
  }

  interface Context {
    path: string;
    method: string;
    // biome-ignore lint/suspicious/noExplicitAny: bodies have any shape
    body: any;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): (req: IncomingMessage, res: ServerResponse) => void;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
    AccessToken: { find(value: string): Promise<StoredToken | undefined> };
    RefreshToken: { find(value: string): Promise<StoredToken | undefined> };
    Grant: { find(id: string): Promise<{ destroy(): Promise<void> } | undefined> };
  }
}
