import { join } from 'node:path';

/** `$MCP_CONNECT_STATE`, or the place the platform has for what a program remembers. */
export function stateDirectory(options: { env: NodeJS.ProcessEnv; platform: NodeJS.Platform; home: string }): string {
  const { env, platform, home } = options;
  if (env.MCP_CONNECT_STATE) return env.MCP_CONNECT_STATE;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'mcp-connect', 'state');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'mcp-connect', 'state');
  return join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'mcp-connect');
}
