import { parseArgs } from 'node:util';
import {
  describeDefault,
  flagOf,
  OPTION_SECTIONS,
  OPTIONS,
  type OptionName,
  parseOptions,
  variableOf,
  type WrapperOptions,
} from './options.ts';

export type CommandLine =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'problems'; problems: string[] }
  /** `command` is undefined when it has to be found in the working directory. */
  | { kind: 'check' | 'run'; options: WrapperOptions; command: readonly string[] | undefined };

/** @param args what follows the program's name */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  const dashes = args.indexOf('--');
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const problems: string[] = [];
  const flags = readFlags(own, problems);
  if (flags?.help) return { kind: 'help' };
  if (flags?.version) return { kind: 'version' };
  const outcome = parseOptions(flags?.values ?? new Map(), env);
  if (!outcome.ok) problems.push(...outcome.problems);
  const command = dashes < 0 ? parseCommandVariable(env, problems) : args.slice(dashes + 1);
  if (command?.length === 0 || command?.[0] === '') problems.push('after -- the command of the MCP server is missing');
  if (problems.length > 0 || !outcome.ok) return { kind: 'problems', problems };
  return { kind: flags?.check ? 'check' : 'run', options: outcome.options, command };
}

function readFlags(
  args: readonly string[],
  problems: string[],
): { help: boolean; version: boolean; check: boolean; values: Map<OptionName, string> } | undefined {
  const names = Object.keys(OPTIONS) as OptionName[];
  const valueFlags = Object.fromEntries(
    names.map((name) => [flagOf(name).slice(2), { type: isSwitch(name) ? ('boolean' as const) : ('string' as const) }]),
  );
  const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' }, check: { type: 'boolean' } };
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...valueFlags, ...switches } as Record<string, { type: 'string' } | { type: 'boolean' }>,
      strict: true,
      allowPositionals: false,
    });
    const given = new Map<OptionName, string>();
    for (const name of names) {
      const value = values[flagOf(name).slice(2)];
      if (value !== undefined) given.set(name, String(value));
    }
    return {
      help: values.help === true,
      version: values.version === true,
      check: values.check === true,
      values: given,
    };
  } catch (error) {
    problems.push(describeArgsError(error as NodeJS.ErrnoException));
    return undefined;
  }
}

function isSwitch(name: OptionName): boolean {
  return typeof OPTIONS[name].defaultValue === 'boolean';
}

function describeArgsError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return 'the command of the MCP server must stand after --, for example: mcp-wrapper -- node server.js';
  }
  return message;
}

function parseCommandVariable(env: NodeJS.ProcessEnv, problems: string[]): readonly string[] | undefined {
  const text = env.MCP_WRAPPER_COMMAND;
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string')) return value;
  } catch {
    // Reported below with every other wrong shape.
  }
  problems.push('MCP_WRAPPER_COMMAND must be a JSON array of strings, for example ["node","server.js"]');
  return undefined;
}

/** The text of `--help`. */
export function renderHelp(): string {
  const sections = Object.entries(OPTION_SECTIONS).flatMap(([title, specs]) => {
    const lines = Object.entries(specs).map(([name, spec]) => {
      const value = describeDefault(spec);
      const flag = typeof spec.defaultValue === 'boolean' ? flagOf(name) : `${flagOf(name)} ${spec.placeholder}`;
      return `  ${flag}\n      ${spec.help} (${variableOf(name)}, default: ${value})`;
    });
    return ['', `${title}:`, ...lines];
  });
  return [
    'mcp-wrapper puts Streamable HTTP in front of a stdio MCP server.',
    '',
    'Usage: mcp-wrapper [options] -- COMMAND ARGS…',
    '       mcp-wrapper --check',
    '',
    'The command may also be one argument of several words, with quotes but without anything that needs a shell.',
    'Without a command, MCP_WRAPPER_COMMAND (a JSON array) is taken, or it is found from package.json or',
    'pyproject.toml in the working directory.',
    '',
    'Every option can be given as an environment variable; the option wins.',
    ...sections,
    '',
    'Others:',
    '  --check\n      print the command as JSON and exit: 0 when it can be run, 1 when not',
    '  --version, --help',
    '',
    'Endpoints: POST, GET, DELETE /mcp; GET /health, /metrics, /.well-known/oauth-protected-resource',
    '',
  ].join('\n');
}
