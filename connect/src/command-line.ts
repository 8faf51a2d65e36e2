import { parseArgs } from 'node:util';
import { COMMANDS, type CommandName, commandOf, isCommandName } from './commands/command-table.ts';
import { flagOf, type GivenOptions, isSwitch, OPTIONS, type OptionName, specOf } from './config/options.ts';

export interface Command {
  name: CommandName;
  arguments: readonly string[];
  flags: Readonly<Record<string, true | readonly string[]>>;
  options: GivenOptions;
}

export type CommandLine =
  | { kind: 'help'; command: CommandName | undefined }
  | { kind: 'version' }
  | { kind: 'problem'; problem: string }
  | { kind: 'command'; command: Command };

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** @param args what follows the program's name */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const read = readArguments(args);
  if ('problem' in read) return { kind: 'problem', problem: read.problem };
  const { values, positionals } = read;
  const [first = ''] = positionals;
  if (values.version) return { kind: 'version' };
  if (first === 'help') return help(positionals[1]);
  if (values.help) return { kind: 'help', command: isCommandName(first) ? first : undefined };
  const isNamed = isCommandName(first);
  const name = isNamed ? first : 'connect';
  const rest = isNamed ? positionals.slice(1) : positionals;
  const problem = isNamed ? undefined : findMistypedCommand(positionals);
  const wrong = problem ?? findWrongArguments(name, rest) ?? findForeignFlag(name, values);
  if (wrong !== undefined) return { kind: 'problem', problem: wrong };
  const { flags, options } = sortFlags(values);
  return { kind: 'command', command: { name, arguments: rest, flags, options } };
}

function help(name: string | undefined): CommandLine {
  if (name === undefined) return { kind: 'help', command: undefined };
  if (isCommandName(name)) return { kind: 'help', command: name };
  return { kind: 'problem', problem: unknownCommand(name) };
}

function readArguments(args: readonly string[]): { values: Values; positionals: string[] } | { problem: string } {
  try {
    // A single dash is stdin for `call`, which parseArgs takes for an argument as well.
    return parseArgs({ args: [...args], options: flagTable(), allowPositionals: true, strict: true });
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error) };
  }
}

/** All flags of all commands: which of them fit is seen once the command is known. */
function flagTable(): Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> {
  const own = Object.values(COMMANDS).flatMap(({ flags }) =>
    Object.entries(flags).map(([name, spec]) => [
      name,
      { type: 'placeholder' in spec ? ('string' as const) : ('boolean' as const), multiple: 'isList' in spec },
    ]),
  );
  const options = (Object.keys(OPTIONS) as OptionName[]).map((name) => [
    flagOf(name).slice(2),
    { type: isSwitch(name) ? ('boolean' as const) : ('string' as const), multiple: specOf(name).isList === true },
  ]);
  return {
    ...Object.fromEntries(own),
    ...Object.fromEntries(options),
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  };
}

function findWrongArguments(name: CommandName, given: readonly string[]): string | undefined {
  const { argumentsMin, argumentsMax, usage } = commandOf(name);
  if (given.length >= argumentsMin && given.length <= argumentsMax) return undefined;
  const state = given.length < argumentsMin ? 'something is missing' : 'there is too much';
  return `mcp-connect ${name}: ${state}, expected: mcp-connect ${name} ${usage}`.trimEnd();
}

function findForeignFlag(name: CommandName, values: Values): string | undefined {
  const { flags, takesOptions } = commandOf(name);
  const optionFlags = Object.keys(OPTIONS).map((option) => flagOf(option).slice(2));
  const foreign = Object.keys(values).find(
    (flag) => !Object.hasOwn(flags, flag) && !(takesOptions && optionFlags.includes(flag)),
  );
  return foreign && `mcp-connect ${name} has no --${foreign}`;
}

/** A server id may be any label, so a single word is one, unless it is very like a command. */
function findMistypedCommand([first, second]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  if (second !== undefined) return unknownCommand(first);
  const nearest = findNearestCommand(first);
  if (nearest === undefined) return undefined;
  return `${unknownCommand(first)} For a server of this name: mcp-connect connect ${first}`;
}

function unknownCommand(name: string): string {
  const nearest = findNearestCommand(name);
  const hint = nearest ? ` Did you mean mcp-connect ${nearest}?` : ` There are: ${Object.keys(COMMANDS).join(', ')}.`;
  return `"${name}" is not a command.${hint}`;
}

function findNearestCommand(name: string): string | undefined {
  if (name.length < 3 || name.length > 12) return undefined;
  const ranked = Object.keys(COMMANDS)
    .map((command) => ({ command, edits: countEdits(name, command) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best && best.edits <= 2 && best.edits < best.command.length / 2 ? best.command : undefined;
}

/** Letters to insert, delete or replace (Levenshtein). */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function sortFlags(values: Values): { flags: Record<string, true | string[]>; options: GivenOptions } {
  const flags: Record<string, true | string[]> = {};
  const options: GivenOptions = {};
  const names = new Map((Object.keys(OPTIONS) as OptionName[]).map((name) => [flagOf(name).slice(2), name]));
  for (const [flag, value] of Object.entries(values)) {
    const texts = (Array.isArray(value) ? value : [value]).map(String);
    const option = names.get(flag);
    if (option) options[option] = texts;
    else flags[flag] = value === true ? true : texts;
  }
  return { flags, options };
}
