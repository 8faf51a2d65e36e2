/** RFC 5424 severities as MCP names them, the least first. */
const LOG_LEVELS: readonly unknown[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

function isLogLevel(level: unknown): level is string {
  return LOG_LEVELS.includes(level);
}

/** Whether a message of this level is at least as grave as what was asked for. A level MCP does not know is. */
export function isLoggedAt(level: unknown, least: string): boolean {
  return !isLogLevel(level) || LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
