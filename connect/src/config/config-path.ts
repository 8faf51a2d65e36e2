import { posix, win32 } from 'node:path';

/** What decides where files are: the process's in use, others in tests. */
export interface Place {
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  home: string;
}

/** `$MCP_CONNECT_CONFIG`, or the place the platform has for it. */
export function configPath(place: Place): string {
  return place.env.MCP_CONNECT_CONFIG || pathOf(place).join(applicationFolder(place), 'mcp-connect', 'config.json');
}

/** Where programs keep their settings: XDG base directories, Apple's and Microsoft's guidelines. */
export function applicationFolder({ env, platform, home }: Place): string {
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env.APPDATA || win32.join(home, 'AppData', 'Roaming');
  // A relative one is to be ignored (XDG Base Directory Specification).
  return env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : posix.join(home, '.config');
}

export function pathOf({ platform }: Place): typeof posix {
  return platform === 'win32' ? win32 : posix;
}
