import { readFileSync } from 'node:fs';
import {
  type Credentials,
  createCredentials,
  type PreRegisteredClient,
  type SignInSettings,
} from '../auth/credentials.ts';
import { fixedCredentials } from '../auth/fixed-credentials.ts';
import { stateDirectory } from '../auth/state-directory.ts';
import type { Place } from '../config/config-path.ts';
import { errorCode } from '../config/error-code.ts';
import type { ConnectOptions } from '../config/options.ts';
import type { Settings } from '../config/read-settings.ts';
import { SetupError } from '../setup-error.ts';

/** What the server is shown, as `--auth` has it. @throws SetupError oauth-key-unreadable */
export function credentialsOf(settings: Settings, place: Place, log: (text: string) => void): Credentials {
  const { endpoint, options } = settings;
  const key = options.auth === 'auto' || options.auth === 'key' ? endpoint.key : undefined;
  if (key === undefined && (options.auth === 'key' || options.auth === 'none')) return fixedCredentials(undefined);
  return createCredentials({ endpoint: { ...endpoint, key }, signIn: signInOf(options, place, log) });
}

/** @throws SetupError oauth-key-unreadable */
export function signInOf(options: ConnectOptions, place: Place, log: (text: string) => void): SignInSettings {
  return {
    stateDirectory: stateDirectory(place),
    env: place.env,
    platform: place.platform,
    browser: options.browser,
    allowHttp: options.allowHttp,
    client: clientOf(options, place.env),
    clientMetadataUrl: options.clientMetadataUrl || undefined,
    log,
  };
}

function clientOf(options: ConnectOptions, env: NodeJS.ProcessEnv): PreRegisteredClient | undefined {
  const { oauthClientId, oauthClientIssuer, oauthGrant, oauthKeyFile } = options;
  if (oauthClientId === '') return undefined;
  const secret = env.MCP_CONNECT_OAUTH_CLIENT_SECRET;
  return {
    id: oauthClientId,
    grant: oauthGrant,
    ...(secret && { secret }),
    ...(oauthClientIssuer !== '' && { issuer: oauthClientIssuer }),
    ...(oauthKeyFile !== '' && { privateKeyPem: readKey(oauthKeyFile) }),
  };
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SetupError(
      'oauth-key-unreadable',
      `Cannot read the private key ${path}: ${errorCode(error)}`,
      'Correct --oauth-key-file or MCP_CONNECT_OAUTH_KEY_FILE.',
    );
  }
}
