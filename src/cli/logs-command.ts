import { setTimeout as delay } from 'node:timers/promises';
import { type CliContext, type CommonOptions, connectApi, printJson, printLine, settingsOf } from './cli-context.ts';
import { newLines } from './new-lines.ts';

export interface LogsOptions extends CommonOptions {
  lines: number;
  follow?: true;
}

const FOLLOW_MS = 1_000;
/** Lines asked for while following: more than a server writes in a second, or some are missed. */
const FOLLOW_LINES = 1_000;

/** `mcp-hosting logs ID`. */
export async function runLogs(context: CliContext, serverId: string, options: LogsOptions): Promise<void> {
  const api = connectApi(settingsOf(context, options));
  let seen = await api.readLogs(serverId, options.follow ? Math.max(options.lines, FOLLOW_LINES) : options.lines);
  print(context, seen.slice(-options.lines), options);
  while (options.follow && !context.signal.aborted) {
    await delay(FOLLOW_MS, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) return;
    const now = await api.readLogs(serverId, FOLLOW_LINES);
    print(context, newLines(seen, now), options);
    seen = now;
  }
}

/** With `--json` every line is a JSON string, so that following can be piped too. */
function print(context: CliContext, lines: readonly string[], options: LogsOptions): void {
  for (const line of lines) {
    if (options.json) printJson(context, line);
    else printLine(context, context.terminal.interactive ? harmless(line) : line);
  }
}

/** A log line may hold escape sequences that would change the terminal: they are shown, not done. */
function harmless(line: string): string {
  return line.replace(/\p{Cc}/gu, (character) => (character === '\t' ? '\t' : '�'));
}
