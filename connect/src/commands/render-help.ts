import {
  describeDefault,
  flagOf,
  isSwitch,
  OPTION_SECTIONS,
  type OptionName,
  specOf,
  variableOf,
} from '../config/options.ts';
import { COMMANDS, type CommandName, commandOf } from './command-table.ts';

const EXIT_CODES = `Exit codes:
  0  done; the client has ended
  1  something unexpected, a tool that failed, or a check of doctor that did
  2  wrong usage or configuration: nothing was sent
  3  the server could not be reached, or refused; signing in failed`;

/** The text of `--help`, of the program or of one command. */
export function renderHelp(name: CommandName | undefined): string {
  return `${(name === undefined ? renderOverview() : renderCommand(name)).join('\n')}\n`;
}

function renderOverview(): string[] {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return [
    'mcp-connect connects a local MCP client (stdio) to a hosted MCP server (HTTPS).',
    '',
    'Usage: mcp-connect setup <server-id | URL>     write it into your client, once',
    '       mcp-connect <server-id | URL>           what the client then starts',
    '       mcp-connect COMMAND …',
    '',
    'Commands:',
    ...Object.entries(COMMANDS).map(([command, { summary }]) => `  ${command.padEnd(width)}  ${summary}`),
    '',
    'mcp-connect COMMAND --help tells more. Every option can be given as an environment variable or in the config file.',
    ...renderOptions(),
    '',
    'Other variables:',
    '  MCP_CONNECT_KEY                  the API key of the server',
    '  MCP_CONNECT_OAUTH_CLIENT_SECRET  the secret of --oauth-client-id',
    '  MCP_CONNECT_CONFIG               the config file, instead of the platform’s place for it',
    '  MCP_CONNECT_STATE                the folder of sign-ins, instead of the platform’s place for it',
    '  HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS  as everywhere',
    '',
    'Config file (mode 0600): { "url": "https://{server-id}.mcp.example.com/mcp", "keys": { "hello-q7m2d4": "mcp_…" } }',
    '  Linux    ~/.config/mcp-connect/config.json',
    '  macOS    ~/Library/Application Support/mcp-connect/config.json',
    '  Windows  %APPDATA%\\mcp-connect\\config.json',
    '',
    EXIT_CODES,
  ];
}

function renderCommand(name: CommandName): string[] {
  const { summary, usage, flags, takesOptions } = commandOf(name);
  const own = Object.entries(flags).map(([flag, spec]) => {
    const value = spec.placeholder ? ` ${spec.placeholder}` : '';
    const values = spec.values ? `: ${spec.values.join(', ')}` : '';
    return `  --${flag}${value}\n      ${spec.help}${values}`;
  });
  return [
    `mcp-connect ${name}: ${summary}.`,
    '',
    `Usage: mcp-connect ${name} ${usage}${own.length > 0 || takesOptions ? ' [options]' : ''}`,
    ...(own.length > 0 ? ['', 'Options:', ...own] : []),
    ...(takesOptions ? renderOptions() : []),
    '',
    EXIT_CODES,
  ];
}

function renderOptions(): string[] {
  return Object.entries(OPTION_SECTIONS).flatMap(([title, specs]) => {
    const lines = (Object.keys(specs) as OptionName[]).map((name) => {
      const spec = specOf(name);
      const flag = isSwitch(name) ? flagOf(name) : `${flagOf(name)} ${spec.placeholder}`;
      return `  ${flag}\n      ${spec.help} (${variableOf(name)}, default: ${describeDefault(spec)})`;
    });
    return ['', `${title}:`, ...lines];
  });
}
