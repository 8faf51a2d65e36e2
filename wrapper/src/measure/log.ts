export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogFields = Record<string, string | number | boolean | undefined>;

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One JSON object a line, with `name: "mcp-wrapper"` to tell them from the lines of the server's own stderr. */
export function createLog(options: { level: LogLevel; writeLine: (line: string) => void; now: () => Date }): Log {
  const least = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return;
      const time = options.now().toISOString();
      options.writeLine(JSON.stringify({ time, level, name: 'mcp-wrapper', message, ...fields }));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
