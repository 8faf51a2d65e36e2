import { isAbsolute, join } from 'node:path';

/** What decides where files are: the process's in use, others in tests. */
export interface Place {
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  home: string;
}

/** `$MCP_CONNECT_CONFIG`, or the place the platform has for it. */
export function configPath(place: Place): string {
  return place.env.MCP_CONNECT_CONFIG || join(applicationFolder(place), 'mcp-connect', 'config.json');
}

/** Where programs keep their settings: XDG base directories, Apple's and Microsoft's guidelines. */
export function applicationFolder(place: Place): string {
  const { env, platform, home } = place;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env.APPDATA || join(home, 'AppData', 'Roaming');
  return xdgConfigFolder(place);
}

/** A relative `XDG_CONFIG_HOME` is to be ignored (XDG Base Directory Specification). */
export function xdgConfigFolder({ env, home }: Place): string {
  const named = env.XDG_CONFIG_HOME;
  return named && isAbsolute(named) ? named : join(home, '.config');
}
