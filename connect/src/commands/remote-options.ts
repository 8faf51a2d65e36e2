import type { RemoteOptions } from '../bridge/remote-connection.ts';
import { cachePath } from '../cache-path.ts';
import type { Place } from '../config/config-path.ts';
import type { Settings } from '../config/read-settings.ts';
import { VERSION } from '../version.ts';
import { credentialsOf } from './server-access.ts';

/** The connection that the settings describe. @throws SetupError oauth-key-unreadable */
export function remoteOptionsOf(
  settings: Settings,
  { place, log }: { place: Place; log: (text: string) => void },
): RemoteOptions {
  const { endpoint, options, headers } = settings;
  const { transport, protocol, patienceMs, callTimeoutMs, cacheDir } = options;
  return {
    endpoint: endpoint.url,
    credentials: credentialsOf(settings, place, log),
    userAgent: `mcp-connect/${VERSION}`,
    headers,
    transport,
    ...(protocol !== 'auto' && { era: protocol }),
    patienceMs,
    callTimeoutMs,
    ...(cacheDir !== 'none' && { cacheDir: cacheDir || cachePath(place) }),
    env: place.env,
    log,
  };
}
