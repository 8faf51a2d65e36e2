export interface FlagSpec {
  help: string;
  /** What stands for the value in `--help`; a flag without one is a switch. */
  placeholder?: string;
  /** May be given several times. */
  isList?: true;
  /** The values there are, for completion. */
  values?: readonly string[];
}

interface CommandSpec {
  summary: string;
  /** The arguments as `--help` shows them. */
  usage: string;
  /** How many arguments there must and may be. */
  argumentsMin: number;
  argumentsMax: number;
  flags: Readonly<Record<string, FlagSpec>>;
  /** Whether the options of the connection apply. */
  takesOptions: boolean;
}

/** The clients whose files `setup` writes. */
export const CLIENT_IDS = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'vscode-insiders',
  'windsurf',
  'zed',
  'gemini-cli',
  'codex',
] as const;

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

const JSON_FLAG: FlagSpec = { help: 'print the result as JSON' };

/** Every command, once: parsing, `--help`, the documents and completion come from here. */
export const COMMANDS = {
  connect: {
    summary: 'bridge a client on stdin and stdout to the server; what runs without a command',
    usage: '<server-id | URL>',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: {},
    takesOptions: true,
  },
  setup: {
    summary: "write the server into a client's own configuration file",
    usage: '<server-id | URL>',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: {
      client: {
        help: 'the client; without it, all that are installed',
        placeholder: 'CLIENT',
        isList: true,
        values: CLIENT_IDS,
      },
      name: { help: "the server's name in the client; without it, the server id or host", placeholder: 'NAME' },
      'dry-run': { help: 'print the changes and write nothing' },
      undo: { help: 'put back the files as they were before the last setup' },
      force: { help: 'replace an entry of this name that is not of mcp-connect' },
      'key-stdin': { help: 'read the API key from stdin and keep it' },
      keychain: { help: "keep the key in the operating system's keychain instead of the config file" },
      installed: { help: 'start this installation instead of npx: quicker, until it is moved or removed' },
    },
    takesOptions: true,
  },
  list: {
    summary: 'the servers that the config file and the clients know',
    usage: '',
    argumentsMin: 0,
    argumentsMax: 0,
    flags: { json: JSON_FLAG },
    takesOptions: false,
  },
  doctor: {
    summary: 'look for what is wrong between here and a server, or all that are known, with a cure for each',
    usage: '[server-id | URL]',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: { json: JSON_FLAG },
    takesOptions: true,
  },
  tools: {
    summary: 'the tools of the server',
    usage: '<server-id | URL>',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: { json: JSON_FLAG },
    takesOptions: true,
  },
  call: {
    summary: 'call a tool; its arguments are JSON, @FILE, or - for stdin',
    usage: '<server-id | URL> TOOL [JSON]',
    argumentsMin: 2,
    argumentsMax: 3,
    flags: { json: JSON_FLAG },
    takesOptions: true,
  },
  login: {
    summary: 'sign in with OAuth',
    usage: '<server-id | URL>',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: {},
    takesOptions: true,
  },
  logout: {
    summary: 'forget the sign-in of a server',
    usage: '<server-id | URL>',
    argumentsMin: 0,
    argumentsMax: 1,
    flags: {},
    takesOptions: true,
  },
  completion: {
    summary: 'print the completion script of a shell',
    usage: SHELLS.join('|'),
    argumentsMin: 1,
    argumentsMax: 1,
    flags: {},
    takesOptions: false,
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof COMMANDS;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

export function commandOf(name: CommandName): CommandSpec {
  return COMMANDS[name];
}

/** What the program's exit codes mean. */
export const EXIT = {
  ok: 0,
  /** Something unexpected; a tool that failed; a check of `doctor` that did. */
  failed: 1,
  /** Wrong usage or configuration: nothing was sent. */
  usage: 2,
  /** The server could not be reached, or refused; signing in failed. */
  unreachable: 3,
} as const;
