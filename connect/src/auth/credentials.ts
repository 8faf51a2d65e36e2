import { OAuthCredentials } from './oauth-credentials.ts';

/** What the endpoint wants to see before it serves anybody. */
export interface Credentials {
  /** Value of the Authorization header; undefined when none is known. */
  authorization(): Promise<string | undefined>;
  /**
   * After a 401 or 403: gets others. True when the request is worth repeating, false when there are none to be had.
   * @param signal aborted when connect ends
   * @throws SetupError what a person has to do, when signing in failed; the signal's reason when it aborts
   */
  renew(challenge: Challenge, signal: AbortSignal): Promise<boolean>;
}

export interface Challenge {
  status: 401 | 403;
  wwwAuthenticate: string | undefined;
  /** The Authorization value of the refused request, to tell whether newer credentials are there already. */
  sent?: string | undefined;
}

/** A client that was registered by hand. */
export interface PreRegisteredClient {
  id: string;
  secret?: string;
  /** The authorization server it was registered at; without it, the first one it is used at. */
  issuer?: string;
  /** `client_credentials` signs in a program instead of a person. */
  grant?: 'authorization_code' | 'client_credentials';
  /** PKCS #8 PEM, for `private_key_jwt` in place of the secret. */
  privateKeyPem?: string;
  /** Of the private key; ES256 when absent. */
  algorithm?: string;
}

export interface SignInSettings {
  stateDirectory: string;
  /** Names proxies, and with `platform` how to open a browser. */
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  /** `never`: by device code where the server has it, else the URL is shown only. */
  browser: 'auto' | 'never';
  allowHttp: boolean;
  client?: PreRegisteredClient | undefined;
  /** Client id metadata document: an https URL with a path. */
  clientMetadataUrl?: string | undefined;
  /** Lines for a person. */
  log: (text: string) => void;
}

export interface CredentialsOptions {
  endpoint: { url: URL; key: string | undefined; name: string };
  signIn: SignInSettings;
}

/** An API key where there is one; else OAuth, which asks nobody for anything before the server does. */
export function createCredentials({ endpoint, signIn }: CredentialsOptions): Credentials {
  if (endpoint.key === undefined) return new OAuthCredentials({ endpoint: endpoint.url, name: endpoint.name, signIn });
  const authorization = `Bearer ${endpoint.key}`;
  return { authorization: async () => authorization, renew: async () => false };
}
