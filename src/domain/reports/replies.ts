import { shortSha } from './describe-stage.ts';
import { codeSpan, mention } from './escape-markdown.ts';
import { replyMarker } from './markers.ts';

/** A comment that answers one comment, found again by its marker, which is its first line. */
export interface Reply {
  marker: string;
  body: string;
}

/** More unknown words than this are not repeated back. */
const UNKNOWN_SHOWN_MAX = 5;

const COMMANDS: readonly [string, string][] = [
  ['/host', 'host this repository; on a pull request, a preview of it'],
  ['/stop', 'stop the server, keeping its address and key'],
  ['/start', 'start it again'],
  ['/status', 'say how it stands'],
  ['/delete', 'delete it with its address and key'],
  ['/help', 'this list'],
];

/** For someone without write access. `key`: what it replies to, such as the comment's id. */
export function renderRefusal(options: { key: string; login: string; command: string; commitSha?: string }): Reply {
  const where = options.commitSha ? ` on this commit (${codeSpan(shortSha(options.commitSha))})` : '';
  return reply(
    options.key,
    `${mention(options.login)}, hosting from this repository needs write access. Ask someone who has it to comment ${codeSpan(options.command, 20)}${where}.`,
  );
}

/** The list of commands, led by the words that are none (without their slash, as the parser gives them). */
export function renderHelp(options: { key: string; unknown?: readonly string[] }): Reply {
  const unknown = options.unknown ?? [];
  const words = unknown.slice(0, UNKNOWN_SHOWN_MAX).map((word) => codeSpan(`/${word}`, 40));
  const lead =
    words.length === 0
      ? 'Commands, each on a line of its own:'
      : `${words.join(', ')} ${unknown.length === 1 ? 'is no command' : 'are no commands'}. These are, each on a line of its own:`;
  const rows = COMMANDS.map(([command, meaning]) => `| \`${command}\` | ${meaning} |`);
  return reply(options.key, [lead, '', '| | |', '|---|---|', ...rows].join('\n'));
}

/** For a command that needs a hosted server where there is none. */
export function renderNotHosted(options: { key: string; command: string; pullRequest?: number }): Reply {
  const what = options.pullRequest === undefined ? 'This repository is not hosted' : 'This pull request has no preview';
  return reply(
    options.key,
    `${what}, so there is nothing for ${codeSpan(options.command, 20)}. Comment \`/host\` to host it.`,
  );
}

/** A fork's head that nobody with write access has named, or asked for since it was pushed. */
export function renderForkNeedsHead(options: { key: string; login: string; head: string }): Reply {
  const sha = shortSha(options.head);
  return reply(
    options.key,
    `${mention(options.login)}, this pull request comes from a fork, so its code is built only once someone with write access has read it. They comment ${codeSpan(`/host ${sha}`)} to build exactly that commit.`,
  );
}

/** For a comment with more commands than are run at once. */
export function renderTooManyCommands(options: { key: string; commandsMax: number }): Reply {
  return reply(
    options.key,
    `One comment runs ${options.commandsMax} commands at most; those after them were left out. Put them into a comment of their own.`,
  );
}

function reply(key: string, text: string): Reply {
  const marker = replyMarker(key);
  return { marker, body: `${marker}\n${text}\n` };
}
