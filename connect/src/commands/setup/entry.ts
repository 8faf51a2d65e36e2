import type { Place } from '../../config/config-path.ts';
import type { Client } from './clients.ts';
import { isRecord } from './edit-outcome.ts';

/** The name under which npm has this program. */
export const PACKAGE = '@mcpeverything/connect';

/** Programs with a window do not see what a shell sets, so these are written down where they are set now. */
const CARRIED_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS', 'MCP_CONNECT_CONFIG'];

/** A server as clients write it down. */
export interface Entry {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/**
 * How a client is to start the bridge.
 * @param options.installedAt the file to start with this very Node.js, instead of npx
 */
export function planEntry(options: { target: string; place: Place; installedAt: string | undefined }): Entry {
  const { target, place, installedAt } = options;
  const env = carriedEnvironment(place);
  const start = installedAt === undefined ? npx(place.platform) : { command: process.execPath, args: [installedAt] };
  return { command: start.command, args: [...start.args, target], ...(Object.keys(env).length > 0 && { env }) };
}

/** With what the client wants besides, and with what people added to an entry that was there. */
export function entryOf(client: Client, entry: Entry, existing: unknown): Record<string, unknown> {
  const kept = isRecord(existing) && isOwnEntry(existing) ? existing : {};
  const env = { ...(isRecord(kept.env) ? kept.env : {}), ...entry.env };
  return { ...kept, ...client.extra, ...entry, ...(Object.keys(env).length > 0 && { env }) };
}

/** Whether an entry starts this program, so that setup may replace it. */
export function isOwnEntry(value: unknown): boolean {
  const text = JSON.stringify(value) ?? '';
  return text.includes(PACKAGE) || /mcp-connect(\.js)?"/.test(text) || /connect[\\/]+dist[\\/]+main\.js/.test(text);
}

/** npx is a batch file on Windows, which only its shell can start. */
function npx(platform: NodeJS.Platform): { command: string; args: string[] } {
  const args = ['-y', PACKAGE];
  return platform === 'win32' ? { command: 'cmd', args: ['/c', 'npx', ...args] } : { command: 'npx', args };
}

function carriedEnvironment({ env }: Place): Record<string, string> {
  const pairs = CARRIED_VARIABLES.flatMap((name): [string, string][] => {
    const value = env[name] || env[name.toLowerCase()];
    return value && !hasPassword(value) ? [[name, value]] : [];
  });
  return Object.fromEntries(pairs);
}

/** Secrets do not go into the files of clients. */
function hasPassword(value: string): boolean {
  return URL.canParse(value) && new URL(value).password !== '';
}
