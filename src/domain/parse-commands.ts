import { markdownOwnLines } from './markdown-own-lines.ts';

export const COMMAND_NAMES = ['host', 'stop', 'start', 'status', 'delete', 'help'] as const;
type CommandName = (typeof COMMAND_NAMES)[number];

export interface Command {
  name: CommandName;
  /** What follows on the line, split at blanks. Text from a stranger. */
  args: string[];
}

export interface ParsedCommands {
  /** In the order of the comment, repeats in a row once, `COMMANDS_MAX` at most. */
  commands: Command[];
  /** Names that look like commands and are none, without the slash, each once, `COMMANDS_MAX` at most. */
  unknown: string[];
  /** The comment has more commands than are run. */
  tooMany: boolean;
}

/** Commands run from one comment: each can start a rollout, and nobody needs six. */
export const COMMANDS_MAX = 5;

/**
 * Finds the commands in a comment: lines that begin, after three spaces at most, with `/word` and then a blank or the
 * end. Quoted lines, code and HTML comments are not read. `/usr/bin`, `/Host` and look-alikes in other scripts are
 * neither commands nor unknown commands.
 *
 * @param body Markdown as GitHub's webhook gives it, any line ends. What exceeds GitHub's own limit is left out.
 */
export function parseCommands(body: string): ParsedCommands {
  const found: Command[] = [];
  const unknown = new Set<string>();
  for (const line of markdownOwnLines(boundedBody(body))) {
    const match = COMMAND_LINE.exec(line);
    if (!match?.[1]) continue;
    const name = match[1];
    if (!isCommandName(name)) unknown.add(name);
    else addCommand(found, { name, args: splitArguments(match[2] ?? '') });
  }
  return {
    commands: found.slice(0, COMMANDS_MAX),
    unknown: [...unknown].slice(0, COMMANDS_MAX),
    tooMany: found.length > COMMANDS_MAX,
  };
}

/** A command that repeats the one before it, word for word, is the same wish. */
function addCommand(found: Command[], command: Command): void {
  const before = found.at(-1);
  if (before?.name === command.name && before.args.join(' ') === command.args.join(' ')) return;
  found.push(command);
}

/** GitHub's limit of a comment, in characters. */
const BODY_CHARS_MAX = 65_536;
/** Words kept after a command; the commands of today take one. */
const ARGUMENTS_MAX = 8;
/** Characters kept of one argument: a commit has 40. */
const ARGUMENT_CHARS_MAX = 100;
/** A longer word is text, not a mistyped command, and would be repeated in the answer. */
const COMMAND_LINE = /^ {0,3}\/([a-z][a-z-]{0,31})(?:[ \t]+(.*))?$/;

/** The part within the limit, without the line that the limit would cut in two. */
function boundedBody(body: string): string {
  if (body.length <= BODY_CHARS_MAX) return body;
  const cut = body.slice(0, BODY_CHARS_MAX);
  return cut.slice(0, Math.max(cut.lastIndexOf('\n'), 0));
}

function isCommandName(name: string): name is CommandName {
  return COMMAND_NAMES.some((known) => known === name);
}

function splitArguments(text: string): string[] {
  return text
    .split(/[ \t]+/)
    .filter((word) => word !== '')
    .slice(0, ARGUMENTS_MAX)
    .map((word) => word.slice(0, ARGUMENT_CHARS_MAX));
}
