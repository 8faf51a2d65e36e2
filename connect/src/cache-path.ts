import { join } from 'node:path';

/** The place the platform has for what may be lost. */
export function cachePath(options: { env: NodeJS.ProcessEnv; platform: NodeJS.Platform; home: string }): string {
  const { env, platform, home } = options;
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mcp-connect');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'mcp-connect', 'cache');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'mcp-connect');
}
