import { openRemote, type Remote } from '../bridge/remote.ts';
import type { Place } from '../config/config-path.ts';
import type { Settings } from '../config/read-settings.ts';
import { VERSION } from '../version.ts';
import { remoteOptionsOf } from './remote-options.ts';

/**
 * A connection for commands: on their own account, and without what other runs remember.
 * @param options.isInteractive a person may be asked to sign in
 * @throws SetupError oauth-key-unreadable
 */
export function openServer(
  settings: Settings,
  options: { place: Place; log: (text: string) => void; isInteractive: boolean },
): Remote {
  const { cacheDir: _, credentials, ...remote } = remoteOptionsOf(settings, options);
  const quiet = { authorization: () => credentials.authorization(), renew: async () => false };
  return openRemote({
    ...remote,
    credentials: options.isInteractive ? credentials : quiet,
    client: { name: 'mcp-connect', version: VERSION },
  });
}
