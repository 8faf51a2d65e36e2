import { join } from 'node:path';
import type { RemoteOptions } from '../bridge/remote.ts';
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
  const { transport, protocol, patienceMs, cacheDir } = options;
  return {
    endpoint: endpoint.url,
    credentials: credentialsOf(settings, place, log),
    userAgent: `mcp-connect/${VERSION}`,
    headers,
    transport,
    ...(protocol !== 'auto' && { era: protocol }),
    patienceMs,
    ...(cacheDir !== 'none' && { cacheDir: cacheDir || cacheFolder(place) }),
    env: place.env,
    log,
  };
}

/** Where programs keep what they can do without. */
function cacheFolder({ env, platform, home }: Place): string {
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mcp-connect');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'mcp-connect', 'cache');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'mcp-connect');
}
