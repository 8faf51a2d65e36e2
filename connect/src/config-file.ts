import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from './bridge/json-rpc.ts';
import { CONFIG_BYTES_MAX } from './bridge/limits.ts';
import { SetupError } from './setup-error.ts';

export interface Config {
  /** URL template with `{server-id}`. */
  url?: string;
  /** API keys by server id or whole URL. */
  keys: Record<string, string>;
  /** The key for every server id without one of its own. */
  key?: string;
}

/** `$MCP_CONNECT_CONFIG`, or the place the platform has for it. */
export function configPath(options: { env: NodeJS.ProcessEnv; platform: NodeJS.Platform; home: string }): string {
  const { env, platform, home } = options;
  if (env.MCP_CONNECT_CONFIG) return env.MCP_CONNECT_CONFIG;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'mcp-connect', 'config.json');
  if (platform === 'win32') return join(env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'mcp-connect', 'config.json');
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'mcp-connect', 'config.json');
}

/**
 * @param options.isNamed somebody named this file, so it has to be there
 * @param options.warn told when others on this machine can read the keys
 * @throws SetupError config-unreadable, config-invalid
 */
export function readConfig(options: {
  path: string;
  isNamed: boolean;
  platform: NodeJS.Platform;
  warn: (text: string) => void;
}): Config {
  const { path, isNamed, platform, warn } = options;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    if (!isNamed) return { keys: {} };
    throw unreadable(path, 'it does not exist');
  }
  if (!stat.isFile() || stat.size > CONFIG_BYTES_MAX) throw unreadable(path, 'it is not a file of reasonable size');
  if (platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    warn(`${path} holds keys and others may read it: run chmod 600 "${path}"`);
  }
  return parseConfig(readText(path), path);
}

/** @throws SetupError config-invalid, naming every problem at once, and never a value */
export function parseConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(path, ['it is not JSON']);
  }
  if (!isObject(value)) throw invalid(path, ['it is not a JSON object']);
  const { url, key, keys = {}, ...unknown } = value;
  const problems = Object.keys(unknown).map((name) => `"${name}" is not a setting`);
  if (url !== undefined && typeof url !== 'string') problems.push('"url" is not a string');
  if (key !== undefined && typeof key !== 'string') problems.push('"key" is not a string');
  const entries = isObject(keys) ? Object.entries(keys) : [];
  if (!isObject(keys)) problems.push('"keys" is not an object');
  for (const [name, entry] of entries) if (typeof entry !== 'string') problems.push(`"keys.${name}" is not a string`);
  if (problems.length > 0) throw invalid(path, problems);
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof key === 'string' && { key }),
    keys: Object.fromEntries(entries) as Record<string, string>,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error instanceof Error && 'code' in error ? String(error.code) : 'reading failed');
  }
}

function unreadable(path: string, state: string): SetupError {
  return new SetupError(
    'config-unreadable',
    `Cannot read ${path}: ${state}`,
    'Correct MCP_CONNECT_CONFIG, or create the file with mode 0600.',
  );
}

function invalid(path: string, problems: string[]): SetupError {
  return new SetupError(
    'config-invalid',
    `Cannot use ${path}: ${problems.join('; ')}`,
    'It looks like { "url": "https://{server-id}.mcp.example.com/mcp", "keys": { "hello-q7m2d4": "mcp_…" } }.',
  );
}
