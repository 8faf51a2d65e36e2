import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { applicationFolder, type Place, xdgConfigFolder } from '../../config/config-path.ts';
import type { CLIENT_IDS } from '../command-table.ts';

export type ClientId = (typeof CLIENT_IDS)[number];

/** How a client keeps its servers. The sources stand in docs/connect.md. */
export interface Client {
  title: string;
  /** The user's own configuration file, which may not be there yet. */
  file: (place: Place) => string;
  /** One of these is there when the client was ever started. */
  traces: (place: Place) => string[];
  /** `jsonc` allows comments and commas after the last entry. */
  format: 'json' | 'jsonc' | 'toml';
  /** The table of servers by name. */
  section: string;
  /** What an entry has besides `command`, `args` and `env`. */
  extra: Readonly<Record<string, string>>;
  /** What makes the client see the change. */
  next: string;
}

export const CLIENTS: Readonly<Record<ClientId, Client>> = {
  'claude-desktop': {
    title: 'Claude Desktop',
    file: (place) => join(claudeFolder(place), 'claude_desktop_config.json'),
    traces: (place) => [claudeFolder(place)],
    format: 'json',
    section: 'mcpServers',
    extra: {},
    next: 'Quit Claude Desktop and start it again.',
  },
  'claude-code': {
    title: 'Claude Code',
    file: ({ env, home }) => join(env.CLAUDE_CONFIG_DIR || home, '.claude.json'),
    traces: ({ env, home }) => [join(env.CLAUDE_CONFIG_DIR || home, '.claude.json'), join(home, '.claude')],
    format: 'json',
    section: 'mcpServers',
    extra: { type: 'stdio' },
    next: 'Start a new session of claude; /mcp shows the server.',
  },
  cursor: {
    title: 'Cursor',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    traces: ({ home }) => [join(home, '.cursor')],
    format: 'jsonc',
    section: 'mcpServers',
    extra: {},
    next: 'Switch the server on under Settings, MCP.',
  },
  vscode: {
    title: 'Visual Studio Code',
    file: (place) => join(applicationFolder(place), 'Code', 'User', 'mcp.json'),
    traces: (place) => [join(applicationFolder(place), 'Code', 'User')],
    format: 'jsonc',
    section: 'servers',
    extra: { type: 'stdio' },
    next: 'Run "MCP: List Servers" and start the server.',
  },
  'vscode-insiders': {
    title: 'Visual Studio Code Insiders',
    file: (place) => join(applicationFolder(place), 'Code - Insiders', 'User', 'mcp.json'),
    traces: (place) => [join(applicationFolder(place), 'Code - Insiders', 'User')],
    format: 'jsonc',
    section: 'servers',
    extra: { type: 'stdio' },
    next: 'Run "MCP: List Servers" and start the server.',
  },
  windsurf: {
    title: 'Windsurf',
    file: ({ home }) => join(home, '.codeium', 'windsurf', 'mcp_config.json'),
    traces: ({ home }) => [join(home, '.codeium', 'windsurf')],
    format: 'json',
    section: 'mcpServers',
    extra: {},
    next: 'Press Refresh in the MCP settings of Cascade.',
  },
  zed: {
    title: 'Zed',
    file: (place) => join(zedFolder(place), 'settings.json'),
    traces: (place) => [zedFolder(place)],
    format: 'jsonc',
    section: 'context_servers',
    extra: { source: 'custom' },
    next: 'Zed sees it by itself; the Agent Panel’s settings show the server.',
  },
  'gemini-cli': {
    title: 'Gemini CLI',
    file: ({ home }) => join(home, '.gemini', 'settings.json'),
    traces: ({ home }) => [join(home, '.gemini')],
    format: 'jsonc',
    section: 'mcpServers',
    extra: {},
    next: 'Start gemini again; /mcp shows the server.',
  },
  codex: {
    title: 'Codex',
    file: (place) => join(codexFolder(place), 'config.toml'),
    traces: (place) => [codexFolder(place)],
    format: 'toml',
    section: 'mcp_servers',
    extra: {},
    next: 'Start codex again; /mcp shows the server.',
  },
};

/** The clients that left something on this machine. */
export function findInstalledClients(place: Place): ClientId[] {
  const ids = Object.keys(CLIENTS) as ClientId[];
  return ids.filter((id) => CLIENTS[id].traces(place).some((path) => existsSync(path)));
}

/**
 * On Windows, Claude Desktop comes as a package, whose roaming folder is in the package: what stands at %APPDATA% it
 * does not read.
 */
function claudeFolder(place: Place): string {
  const roaming = join(applicationFolder(place), 'Claude');
  if (place.platform !== 'win32') return roaming;
  const packages = join(place.env.LOCALAPPDATA || join(place.home, 'AppData', 'Local'), 'Packages');
  if (!existsSync(packages)) return roaming;
  const folders = readdirSync(packages)
    .filter((name) => name.startsWith('Claude_'))
    .map((name) => join(packages, name, 'LocalCache', 'Roaming', 'Claude'));
  return folders.find((folder) => existsSync(folder)) ?? folders[0] ?? roaming;
}

/** Zed follows XDG on macOS too, apart from the variable. */
function zedFolder(place: Place): string {
  if (place.platform === 'win32') return join(applicationFolder(place), 'Zed');
  return place.platform === 'darwin' ? join(place.home, '.config', 'zed') : join(xdgConfigFolder(place), 'zed');
}

function codexFolder({ env, home }: Place): string {
  return env.CODEX_HOME || join(home, '.codex');
}
