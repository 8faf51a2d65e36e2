import { LOG_LEVELS, type LogLevel } from './measure/log.ts';

interface OptionSpec<T> {
  /** What stands for the value in `--help`. */
  placeholder: string;
  help: string;
  defaultValue: T;
  /** @returns the value, or a problem: what was expected, without the value, which may be a secret */
  parse: (text: string) => { value: T } | { expected: string };
}

/** Every option, once: flag, environment variable, parsing, `--help` and the README come from here. */
export const OPTIONS = {
  port: integer(3000, { min: 0, max: 65_535, help: 'TCP port; 0 takes a free one' }),
  host: text('0.0.0.0', 'address to listen on; on loopback only local host names are served'),
  keySha256: list('SHA-256 of the API keys that may enter, in hex; none: open to all', /^[0-9a-f]{64}$/i, 'HEX,…'),
  allowedHosts: list('host names of the endpoint; none: any', /^[a-z0-9.:_[\]-]+$/i, 'NAME,…'),
  allowedOrigins: list('web origins that may use the endpoint, or *', /^(\*|https?:\/\/[^/\s]+)$/i, 'ORIGIN,…'),
  rateLimitPerMinute: integer(0, { min: 0, max: 1_000_000, help: 'messages a minute for each key; 0: no limit' }),
  bodyBytesMax: integer(10 * 1024 * 1024, { min: 1024, max: 1 << 30, help: 'bytes of one request body' }),
  lineBytesMax: integer(32 * 1024 * 1024, { min: 1024, max: 1 << 29, help: 'bytes of one message of the server' }),
  requestsMax: integer(1000, { min: 1, max: 100_000, help: 'requests in hand at once' }),
  requestTimeoutMs: integer(300_000, { min: 100, max: 86_400_000, help: 'time for one answer; progress renews it' }),
  inputWaitMs: integer(600_000, { min: 100, max: 86_400_000, help: 'time for a client to bring input that was asked for' }),
  sessionsMax: integer(10_000, { min: 1, max: 1_000_000, help: 'sessions open at once' }),
  sessionIdleMs: integer(1_800_000, { min: 100, max: 86_400_000, help: 'an unused session ends after this time' }),
  sessions: oneOf('shared', ['shared', 'isolated'], 'one server process for all, or one for each session'),
  childEra: oneOf('auto', ['auto', 'legacy', 'modern'], 'era of the server: 2026-07-28 is modern; auto asks a sibling'),
  poolSize: integer(1, { min: 0, max: 100, help: 'isolated servers started ahead of need' }),
  childrenMax: integer(50, { min: 1, max: 10_000, help: 'isolated servers at once' }),
  streamAgeMsMax: integer(3_600_000, { min: 1_000, max: 86_400_000, help: 'GET streams and subscriptions end after' }),
  startAttemptsMax: integer(0, { min: 0, max: 1000, help: 'failed starts after which the wrapper ends; 0: never' }),
  hungTimeoutMs: integer(60_000, { min: 100, max: 3_600_000, help: 'a silent server is killed after this time' }),
  startTimeoutMs: integer(60_000, { min: 100, max: 3_600_000, help: 'time for the server to answer initialize' }),
  readyWaitMs: integer(10_000, { min: 0, max: 600_000, help: 'time requests wait for a server that is starting' }),
  healthTimeoutMs: integer(2_000, { min: 10, max: 60_000, help: 'time for a sign of life when /health is asked' }),
  drainTimeoutMs: integer(20_000, { min: 0, max: 3_600_000, help: 'time for open requests after SIGTERM' }),
  logLevel: oneOf<LogLevel>('info', LOG_LEVELS, 'least level of the log on stderr'),
} satisfies Record<string, OptionSpec<unknown>>;

type OptionTable = typeof OPTIONS;
export type OptionName = keyof OptionTable;
export type WrapperOptions = { [Name in OptionName]: OptionTable[Name]['defaultValue'] };

export type OptionsOutcome = { ok: true; options: WrapperOptions } | { ok: false; problems: string[] };

/** `bodyBytesMax` → `--body-bytes-max` */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `bodyBytesMax` → `MCP_WRAPPER_BODY_BYTES_MAX` */
export function variableOf(name: string): string {
  return `MCP_WRAPPER_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** Flags win over the environment. Reports every problem at once. */
export function parseOptions(flags: ReadonlyMap<OptionName, string>, env: NodeJS.ProcessEnv): OptionsOutcome {
  const problems: string[] = [];
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(OPTIONS) as [OptionName, OptionSpec<unknown>][]) {
    const flag = flags.get(name);
    // An empty variable is how manifests and shells write "not set".
    const given = flag ?? (env[variableOf(name)] || undefined);
    const parsed = given === undefined ? { value: spec.defaultValue } : spec.parse(given.trim());
    if ('value' in parsed) options[name] = parsed.value;
    else problems.push(`${flag === undefined ? variableOf(name) : flagOf(name)} must be ${parsed.expected}`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, options: options as WrapperOptions };
}

function integer(
  defaultValue: number,
  { min, max, help }: { min: number; max: number; help: string },
): OptionSpec<number> {
  return {
    placeholder: 'N',
    help,
    defaultValue,
    parse: (given) => {
      const value = Number(given);
      const fits = /^\d+$/.test(given) && value >= min && value <= max;
      return fits ? { value } : { expected: `a whole number from ${min} to ${max}` };
    },
  };
}

function text(defaultValue: string, help: string): OptionSpec<string> {
  const parse = (given: string): { value: string } | { expected: string } =>
    given === '' ? { expected: 'not empty' } : { value: given };
  return { placeholder: 'TEXT', help, defaultValue, parse };
}

function list(help: string, pattern: RegExp, placeholder: string): OptionSpec<readonly string[]> {
  return {
    placeholder,
    help,
    defaultValue: [],
    parse: (given) => {
      const items = given.split(',').map((item) => item.trim().toLowerCase());
      const bad = items.findIndex((item) => !pattern.test(item));
      return bad < 0 ? { value: items } : { expected: `a list of ${placeholder}: its item ${bad + 1} is not one` };
    },
  };
}

function oneOf<const T extends string>(defaultValue: T, values: readonly T[], help: string): OptionSpec<T> {
  return {
    placeholder: values.join('|'),
    help,
    defaultValue,
    parse: (given) => {
      const value = values.find((candidate) => candidate === given);
      return value ? { value } : { expected: `one of ${values.join(', ')}` };
    },
  };
}
