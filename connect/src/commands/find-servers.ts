import type { Config } from '../config/config-file.ts';
import type { Place } from '../config/config-path.ts';
import { SetupError } from '../setup-error.ts';
import { CLIENTS, type ClientId } from './setup/clients.ts';
import { isRecord } from './setup/edit-outcome.ts';
import { isOwnEntry } from './setup/entry.ts';
import { readEntries } from './setup/plan-client.ts';
import { readTextFile } from './setup/read-text-file.ts';

/** A server that something on this machine knows. */
export interface KnownServer {
  /** Server id or whole URL. */
  target: string;
  /** Where its key is; `common` is the one for all server ids. */
  key: 'own' | 'keychain' | 'common' | 'none';
  clients: { client: ClientId; name: string }[];
}

/**
 * The servers of the config file, and those that clients start with this program.
 * @param options.warn told of files that cannot be read
 */
export function findServers(options: { place: Place; config: Config; warn: (text: string) => void }): KnownServer[] {
  const { place, config, warn } = options;
  const inClients = (Object.keys(CLIENTS) as ClientId[]).flatMap((client) => findInClient({ client, place, warn }));
  const targets = new Set([
    ...Object.keys(config.servers),
    ...Object.keys(config.keys),
    ...config.keychain,
    ...inClients.map(({ target }) => target),
  ]);
  return [...targets].sort().map((target) => ({
    target,
    key: keyOf(target, config),
    clients: inClients.filter((entry) => entry.target === target).map(({ client, name }) => ({ client, name })),
  }));
}

function findInClient(options: {
  client: ClientId;
  place: Place;
  warn: (text: string) => void;
}): { client: ClientId; name: string; target: string }[] {
  const { client, place, warn } = options;
  try {
    const path = CLIENTS[client].file(place);
    const entries = readEntries(CLIENTS[client], path, readTextFile(path) ?? '');
    return Object.entries(entries).flatMap(([name, entry]) => {
      const target = isOwnEntry(entry) ? findTarget(entry) : undefined;
      return target === undefined ? [] : [{ client, name, target }];
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    warn(error.message);
    return [];
  }
}

/** What follows this program's name in an entry's arguments. */
function findTarget(entry: unknown): string | undefined {
  if (!isRecord(entry)) return undefined;
  const words = [entry.command, ...(Array.isArray(entry.args) ? entry.args : [])].map(String);
  const start = words.findIndex((word) => isOwnEntry([word]));
  const target = words.slice(start + 1).find((word) => !word.startsWith('-'));
  if (target !== undefined) return target;
  const url = isRecord(entry.env) ? entry.env.MCP_CONNECT_URL : undefined;
  return typeof url === 'string' && !url.includes('{') ? url : undefined;
}

function keyOf(target: string, config: Config): KnownServer['key'] {
  if (Object.hasOwn(config.keys, target)) return 'own';
  if (config.keychain.includes(target)) return 'keychain';
  return config.key !== undefined && !/^https?:/i.test(target) ? 'common' : 'none';
}
