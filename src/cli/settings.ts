import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseRepositoryName, type RepositoryName } from '../domain/repository.ts';
import { UserError } from '../domain/user-error.ts';

/** Where the platform is and who we are; what a command does not need may be absent. */
export interface CliSettings {
  /** Base URL of the bot, without `/api/hosting`. */
  apiUrl?: string;
  apiToken?: string;
  /** GitHub's REST API. */
  githubUrl: string;
  githubToken?: string;
  /** Where git repositories are pushed, without slash at the end; absent: what GitHub's API calls their clone URL. */
  gitUrl?: string;
  deploymentsRepository?: RepositoryName;
  databaseUrl?: string;
  /** Where `host` keeps the access keys that it makes. */
  keysFile?: string;
}

export interface SettingsSource {
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Given by `--data-dir`: its `sandbox.json` must be there. */
  dataDir?: string;
}

const GITHUB_API_URL = 'https://api.github.com';
const DATA_DIR = '.mcp-hosting';
const SANDBOX_FILE = 'sandbox.json';

/** What each setting is called in `sandbox.json` and in the environment. */
const SOURCES: Readonly<Record<keyof CliSettings, { key: string; variable: string }>> = {
  apiUrl: { key: 'apiUrl', variable: 'MCP_HOSTING_API_URL' },
  apiToken: { key: 'apiToken', variable: 'MCP_HOSTING_API_TOKEN' },
  githubUrl: { key: 'githubUrl', variable: 'GITHUB_API_URL' },
  githubToken: { key: 'userToken', variable: 'GITHUB_TOKEN' },
  gitUrl: { key: 'gitUrl', variable: 'MCP_HOSTING_GIT_URL' },
  deploymentsRepository: { key: 'deploymentsRepository', variable: 'MCP_HOSTING_DEPLOYMENTS_REPOSITORY' },
  databaseUrl: { key: 'databaseUrl', variable: 'DATABASE_URL' },
  keysFile: { key: 'keysFile', variable: 'MCP_HOSTING_KEYS_FILE' },
};

/**
 * Settings from one source alone, so that a token for one place never goes to another: the sandbox named by
 * `--data-dir`, else the environment when it names an API, else the sandbox that runs in this directory or above it,
 * else the environment.
 * @throws UserError `settings-missing`, `settings-invalid`
 */
export function readSettings(source: SettingsSource): CliSettings {
  const { env } = source;
  const sandbox = readSandboxSettings(source);
  return sandbox ? fromSandbox(sandbox) : parseSettings((name) => env[SOURCES[name].variable]);
}

/**
 * What the sandbox wrote that `readSettings` would take settings from.
 * @returns undefined where the environment is the source
 * @throws UserError `settings-missing`, `settings-invalid`
 */
export function readSandboxSettings(source: SettingsSource): Record<string, unknown> | undefined {
  if (source.dataDir !== undefined) return namedSandboxFile(source);
  return source.env[SOURCES.apiUrl.variable] ? undefined : findSandboxFile(source.cwd);
}

/**
 * The settings a command cannot do without.
 * @throws UserError `settings-missing`, naming each one and how to give it
 */
export function requireSettings<K extends keyof CliSettings>(
  settings: CliSettings,
  names: readonly K[],
): CliSettings & Required<Pick<CliSettings, K>> {
  const missing = names.filter((name) => settings[name] === undefined).map((name) => SOURCES[name].variable);
  if (missing.length === 0) return settings as CliSettings & Required<Pick<CliSettings, K>>;
  throw new UserError(
    'settings-missing',
    `Cannot reach the platform: no sandbox runs here, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set, expected one of both`,
    `Start the sandbox with \`npm start\`, name its folder with --data-dir, or set ${missing.join(', ')}.`,
  );
}

function fromSandbox(file: Record<string, unknown>): CliSettings {
  return parseSettings((name) => {
    const value = file[SOURCES[name].key];
    return typeof value === 'string' ? value : undefined;
  });
}

function parseSettings(read: (name: keyof CliSettings) => string | undefined): CliSettings {
  const text = (name: keyof CliSettings) => read(name)?.trim() || undefined;
  const url = (name: keyof CliSettings) => webUrl(name, text(name));
  const [apiUrl, gitUrl, apiToken, githubToken] = [url('apiUrl'), url('gitUrl'), text('apiToken'), text('githubToken')];
  const [databaseUrl, repository] = [text('databaseUrl'), text('deploymentsRepository')];
  const keysFile = text('keysFile');
  return {
    githubUrl: url('githubUrl') ?? GITHUB_API_URL,
    ...(apiUrl ? { apiUrl } : {}),
    ...(apiToken ? { apiToken } : {}),
    ...(githubToken ? { githubToken } : {}),
    ...(gitUrl ? { gitUrl } : {}),
    ...(databaseUrl ? { databaseUrl } : {}),
    ...(keysFile ? { keysFile } : {}),
    ...(repository ? { deploymentsRepository: repositoryOf(repository) } : {}),
  };
}

function findSandboxFile(cwd: string): Record<string, unknown> | undefined {
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const found = readSandboxFile(join(directory, DATA_DIR, SANDBOX_FILE));
    if (found || dirname(directory) === directory) return found;
  }
}

function namedSandboxFile({ cwd, dataDir = '' }: SettingsSource): Record<string, unknown> {
  const path = join(resolve(cwd, dataDir), SANDBOX_FILE);
  const found = readSandboxFile(path);
  if (found) return found;
  throw new UserError(
    'settings-missing',
    `Cannot read the sandbox's settings: ${path} is not there, expected a sandbox running with this --data-dir`,
    'Start it with `npm start -- --data-dir DIR`.',
  );
}

/** @returns undefined where there is no such file; a sandbox removes it when it ends. */
function readSandboxFile(path: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw invalid(`Cannot read ${path}: ${code ?? 'it cannot be opened'}, expected a readable file`, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw invalid(`Cannot read ${path}: it is no JSON, expected what the sandbox wrote`, error);
  }
  throw invalid(`Cannot read ${path}: it is no JSON object, expected what the sandbox wrote`);
}

function webUrl(name: keyof CliSettings, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value.replace(/\/+$/, '');
  const shown = JSON.stringify(value.slice(0, 100));
  throw invalid(`Cannot use ${SOURCES[name].variable}: it is ${shown}, expected an http or https address`);
}

function repositoryOf(value: string): RepositoryName {
  const repository = parseRepositoryName(value);
  if (repository) return repository;
  const shown = JSON.stringify(value.slice(0, 150));
  throw invalid(`Cannot use ${SOURCES.deploymentsRepository.variable}: it is ${shown}, expected owner/name`);
}

function invalid(message: string, cause?: unknown): UserError {
  return new UserError('settings-invalid', message, 'Mend it, or start the sandbox anew.', { cause });
}
