import { LineBudget } from './line-budget.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'mixed' | 'json';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogFields = Record<string, string | number | boolean | undefined>;

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
export const LOG_FORMATS: readonly LogFormat[] = ['mixed', 'json'];

export interface LogOptions {
  level: LogLevel;
  writeLine: (line: string) => void;
  now: () => Date;
}

/** One JSON object a line, with `name: "mcp-wrapper"` to tell them from the lines of the server's own stderr. */
export function createLog(options: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(options.level);
  const budget = new LineBudget(() => options.now().getTime());
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return;
      const { isAllowed, dropped } = budget.take();
      if (!isAllowed) return;
      const line = { time: options.now().toISOString(), level, name: 'mcp-wrapper', message, ...fields };
      options.writeLine(JSON.stringify(dropped > 0 ? { ...line, linesDroppedBefore: dropped } : line));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * Where the lines of the server's stderr go. As they are in the `mixed` format, so that `kubectl logs` and whoever shows
 * the last lines of a failed server read what the server wrote; as JSON otherwise, for collectors that take nothing else.
 * A server that floods its stderr loses lines, and the log says how many.
 */
export function createChildLog(
  { writeLine, now, format }: Omit<LogOptions, 'level'> & { format: LogFormat },
  log: Log,
): (text: string) => void {
  const budget = new LineBudget(() => now().getTime());
  return (text) => {
    const { isAllowed, dropped } = budget.take();
    if (!isAllowed) return;
    if (dropped > 0) log.warn('Lines of the server dropped: too many', { lines: dropped });
    if (format === 'mixed') return writeLine(text);
    writeLine(
      JSON.stringify({ time: now().toISOString(), level: 'info', name: 'mcp-server', source: 'child', message: text }),
    );
  };
}
