import { SetupError } from '../setup-error.ts';
import { type Config, readConfig } from './config-file.ts';
import { configPath, type Place } from './config-path.ts';
import { checkKey, type Endpoint, isWholeUrl, resolveUrl } from './endpoint.ts';
import { expandHeaders } from './expand-headers.ts';
import {
  type ConnectOptions,
  environmentLayer,
  fileLayer,
  flagLayer,
  type GivenOptions,
  parseOptions,
} from './options.ts';

export interface Settings {
  endpoint: Endpoint;
  options: ConnectOptions;
  /** As they are sent. */
  headers: Record<string, string>;
}

export interface SettingsSource {
  /** A server id, a whole URL, or nothing when the URL that is configured is a whole one. */
  target: string | undefined;
  flags: GivenOptions;
  place: Place;
  config: Config;
}

/** @throws SetupError config-unreadable, config-invalid */
export function readConfigAt(place: Place, warn: (text: string) => void): Promise<Config> {
  const isNamed = Boolean(place.env.MCP_CONNECT_CONFIG);
  return readConfig({ path: configPath(place), isNamed, platform: place.platform, warn });
}

/**
 * Everything there is to know about a server before it is spoken to. Flags win over the environment, that over the
 * config file's entry of the server, that over the rest of the file.
 * @throws SetupError options-invalid, header-variable-missing and those of `resolveUrl`, `checkKey` and `readKeychain`
 */
export async function readSettings({ target, flags, place, config }: SettingsSource): Promise<Settings> {
  const { env } = place;
  const own = target === undefined ? undefined : ownOf(config.servers, target);
  const outcome = parseOptions([
    flagLayer(flags),
    environmentLayer(env),
    ...(own ? [fileLayer(own)] : []),
    fileLayer(config.options),
  ]);
  if (!outcome.ok) {
    throw new SetupError('options-invalid', outcome.problems.join('\n'), 'Run mcp-connect --help for usage.');
  }
  const { options } = outcome;
  const url = resolveUrl({ target, template: options.url });
  const key = checkKey(env.MCP_CONNECT_KEY || (await findKey({ target, place, config })), {
    url,
    allowHttp: options.allowHttp,
  });
  const name = target === undefined || isWholeUrl(target) ? url.host : target;
  return { endpoint: { url, key, name }, options, headers: expandHeaders(options.header, env) };
}

/** The key that the config file or the keychain has. */
export async function findKey({
  target,
  place,
  config,
}: Pick<SettingsSource, 'target' | 'place' | 'config'>): Promise<string | undefined> {
  if (target === undefined) return config.key;
  const own = ownOf(config.keys, target);
  if (own !== undefined) return own;
  if (config.keychain.includes(target)) {
    const { readKeychain } = await import('./keychain.ts');
    return await readKeychain(target, place);
  }
  // A key meant for the platform's servers is not sent to an address somebody typed.
  return isWholeUrl(target) ? undefined : config.key;
}

function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
