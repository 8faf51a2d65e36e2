import { readFileSync, statSync } from 'node:fs';
import { SetupError } from '../setup-error.ts';
import { errorCode } from './error-code.ts';
import { type GivenOptions, isOptionName, parseOption } from './options.ts';

/** Bytes of the config file. */
const CONFIG_BYTES_MAX = 1024 * 1024;

/** The top-level keys that are no options. */
const CONFIG_KEYS = ['$schema', 'key', 'keys', 'keychain', 'servers'];

export interface Config {
  /** API keys by server id or whole URL. */
  keys: Readonly<Record<string, string>>;
  /** The key for every server id without one of its own. */
  key?: string;
  /** Server ids and whole URLs whose keys are in the operating system's keychain. */
  keychain: readonly string[];
  options: GivenOptions;
  /** Options by server id or whole URL. */
  servers: Readonly<Record<string, GivenOptions>>;
}

export const EMPTY_CONFIG: Config = { keys: {}, keychain: [], options: {}, servers: {} };

/**
 * @param options.isNamed somebody named this file, so it has to be there
 * @param options.warn told when others on this machine can read the keys
 * @throws SetupError config-unreadable, config-invalid
 */
export async function readConfig(options: {
  path: string;
  isNamed: boolean;
  platform: NodeJS.Platform;
  warn: (text: string) => void;
}): Promise<Config> {
  const { path, isNamed, platform, warn } = options;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    if (!isNamed) return EMPTY_CONFIG;
    throw unreadable(path, 'it does not exist');
  }
  if (!stat.isFile() || stat.size > CONFIG_BYTES_MAX) throw unreadable(path, 'it is not a file of reasonable size');
  const text = readText(path);
  const config = await parseConfig(text, path);
  const hasSecrets = config.key !== undefined || Object.keys(config.keys).length > 0 || text.includes('"header"');
  if (platform !== 'win32' && hasSecrets && (stat.mode & 0o077) !== 0) {
    warn(`${path} holds secrets and others may read it: run chmod 600 "${path}"`);
  }
  return config;
}

/** @throws SetupError config-invalid, naming every problem at once with its path, and never a value */
export async function parseConfig(text: string, path: string): Promise<Config> {
  const value = await parseJson(text, path);
  if (!isRecord(value)) throw invalid(path, ['it is not a JSON object']);
  const { key, keys = {}, keychain = [], servers = {} } = value;
  const problems: string[] = [];
  const options = readOptions(value, { at: '', skip: CONFIG_KEYS, problems });
  if (key !== undefined && typeof key !== 'string') problems.push('"key" is not a string');
  if (!isRecord(keys)) problems.push('"keys" is not an object');
  for (const [name, entry] of entriesOf(keys)) {
    if (typeof entry !== 'string') problems.push(`"keys.${name}" is not a string`);
  }
  if (!isTextList(keychain)) problems.push('"keychain" is not a list of strings');
  if (!isRecord(servers)) problems.push('"servers" is not an object');
  const perServer = entriesOf(servers).map(([name, entry]): [string, GivenOptions] => {
    if (!isRecord(entry)) problems.push(`"servers.${name}" is not an object`);
    return [name, isRecord(entry) ? readOptions(entry, { at: `servers.${name}.`, skip: [], problems }) : {}];
  });
  if (problems.length > 0) throw invalid(path, problems);
  return {
    ...(typeof key === 'string' && { key }),
    keys: Object.fromEntries(entriesOf(keys)) as Record<string, string>,
    keychain: keychain as string[],
    options,
    servers: Object.fromEntries(perServer),
  };
}

async function parseJson(text: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // Only a broken file needs the parser that knows the place.
    const { findJsonProblem } = await import('./find-json-problem.ts');
    throw invalid(path, [findJsonProblem(text, { allowComments: false }) ?? 'it is not JSON']);
  }
}

function readOptions(
  value: Record<string, unknown>,
  { at, skip, problems }: { at: string; skip: readonly string[]; problems: string[] },
): GivenOptions {
  const given: GivenOptions = {};
  for (const [name, entry] of Object.entries(value)) {
    if (skip.includes(name)) continue;
    if (!isOptionName(name)) {
      problems.push(`"${at}${name}" is not a setting`);
      continue;
    }
    const texts = textsOf(entry);
    const parsed = texts ? parseOption(name, texts) : { expected: 'a text, a number, true, false or a list of texts' };
    if ('expected' in parsed) problems.push(`"${at}${name}" must be ${parsed.expected}`);
    else if (texts) given[name] = texts;
  }
  return given;
}

function textsOf(value: unknown): string[] | undefined {
  if (['string', 'number', 'boolean'].includes(typeof value)) return [String(value)];
  return isTextList(value) ? value : undefined;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(path, errorCode(error));
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
