import { parseArgs } from 'node:util';

export type CommandLine =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'problem'; problem: string }
  | { kind: 'connect'; target: string | undefined; allowHttp: boolean };

/** @param args what follows the program's name */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
        'allow-http': { type: 'boolean' },
      },
      allowPositionals: true,
    });
    if (values.help) return { kind: 'help' };
    if (values.version) return { kind: 'version' };
    if (positionals.length > 1) return { kind: 'problem', problem: 'one server id or URL is expected' };
    return { kind: 'connect', target: positionals[0], allowHttp: values['allow-http'] === true };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The text of `--help`. */
export const HELP = `mcp-connect connects a local MCP client (stdio) to a hosted MCP server (HTTPS).

Usage: mcp-connect <server-id>
       mcp-connect https://host/path

In the client's configuration, for example claude_desktop_config.json:
  { "mcpServers": { "hello": { "command": "npx", "args": ["-y", "@mcpeverything/connect", "hello-q7m2d4"],
    "env": { "MCP_CONNECT_URL": "https://{server-id}.mcp.example.com/mcp", "MCP_CONNECT_KEY": "mcp_…" } } } }

Environment:
  MCP_CONNECT_URL     the endpoint: a template with {server-id}, or a whole URL
  MCP_CONNECT_KEY     the API key of the server
  MCP_CONNECT_CONFIG  the config file, instead of the platform's place for it

Config file (mode 0600): { "url": "https://{server-id}.mcp.example.com/mcp", "keys": { "hello-q7m2d4": "mcp_…" } }
  Linux    ~/.config/mcp-connect/config.json
  macOS    ~/Library/Application Support/mcp-connect/config.json
  Windows  %APPDATA%\\mcp-connect\\config.json

Options:
  --allow-http  send the API key over http to hosts other than this machine
  --version, --help

stdout carries JSON-RPC only; what goes wrong is told on stderr and in the answers to the client.
Exit codes: 0 the client ended, 1 something unexpected, 2 wrong usage or configuration.
`;
