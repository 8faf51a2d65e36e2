import type { RolloutFailure } from '../rollout.ts';
import type { ConfigProblem } from '../server-config.ts';
import { codeBlock, codeSpan, escapeProse, link } from './escape-markdown.ts';
import { redactSecrets } from './redact-secrets.ts';

/** What stays of a log where people look first; the whole of it stands behind the link. */
const LOG_LINES_SHOWN_MAX = 20;
const SENTENCE_CHARS_MAX = 1_000;
const CONFIG_PROBLEMS_SHOWN_MAX = 20;

/** Cause, cure, then what it is based on: problems of the config, last log lines, where to see more. */
export function renderFailure(
  failure: RolloutFailure,
  options: { messageShown: boolean; problems: readonly ConfigProblem[] },
): string {
  return [
    options.messageShown ? undefined : escapeProse(failure.message, SENTENCE_CHARS_MAX),
    renderProblems(options.problems),
    failure.hint === '' ? undefined : `**Do this:** ${escapeProse(failure.hint, SENTENCE_CHARS_MAX)}`,
    renderLog(failure.log ?? [], LOG_LINES_SHOWN_MAX),
    failure.url ? `${link('See the whole of it', failure.url)}.` : undefined,
  ]
    .filter((block) => block !== undefined)
    .join('\n\n');
}

/** The last lines of a log in a code block, secrets of known shapes blackened; undefined where there are none. */
function renderLog(log: readonly string[], linesMax: number): string | undefined {
  if (log.length === 0) return undefined;
  return `Its last lines:\n\n${codeBlock(log.slice(-linesMax).map(redactSecrets))}`;
}

function renderProblems(problems: readonly ConfigProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  const lines = problems
    .slice(0, CONFIG_PROBLEMS_SHOWN_MAX)
    .map(
      ({ line, path, message }) => `- line ${line}${path ? `, ${codeSpan(path, 100)}` : ''}: ${escapeProse(message)}`,
    );
  const rest = problems.length - lines.length;
  return [...lines, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n');
}
