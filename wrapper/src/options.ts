import { isLoopbackName } from './door/is-loopback-name.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './measure/log.ts';

interface OptionSpec<T> {
  /** What stands for the value in `--help`. */
  placeholder: string;
  help: string;
  defaultValue: T;
  /** @returns the value, or a problem: what was expected, without the value, which may be a secret */
  parse: (text: string) => { value: T } | { expected: string };
}

const LISTENING = {
  port: integer(3000, { min: 0, max: 65_535, help: 'TCP port; 0 takes a free one' }),
  host: text('0.0.0.0', { help: 'address to listen on; on loopback only local host names are served' }),
  publicUrl: url('address of the endpoint as its clients know it, with the path; its host is always allowed'),
  allowedHosts: list('host names of the endpoint; none: any', /^[a-z0-9.:_[\]-]+$/i, 'NAME,…'),
  allowedOrigins: list('web origins that may use the endpoint, or *', /^(\*|https?:\/\/[^/\s]+)$/i, 'ORIGIN,…'),
};

const DOOR = {
  keySha256: list('SHA-256 of the API keys that may enter, in hex', /^[0-9a-f]{64}$/i, 'HEX,…'),
  keysFile: text('', {
    placeholder: 'PATH',
    help: 'file of further keys, one a line: SHA-256, id, expiry, name; read again on change',
  }),
  oauthIssuer: url('authorization server whose JWT access tokens may enter, by its exact issuer identifier'),
  oauthAudience: words('what a token must name in "aud"; none: the public URL', 'URI,…'),
  oauthScopes: words('scopes a token must have; read|write takes either and asks for the first', 'SCOPE,…'),
};

const LIMITS = {
  rateLimitPerMinute: integer(0, { min: 0, max: 1_000_000, help: 'messages a minute for each key; 0: no limit' }),
  rateLimitBurst: integer(0, { min: 0, max: 1_000_000, help: "messages at once of a key; 0: a minute's worth" }),
  requestsMax: integer(1000, { min: 1, max: 100_000, help: 'requests in hand at once' }),
  requestsPerKeyMax: integer(0, { min: 0, max: 100_000, help: 'requests in hand at once of one key; 0: no own limit' }),
  sessionsMax: integer(10_000, { min: 1, max: 1_000_000, help: 'sessions open at once' }),
  streamsPerKeyMax: integer(10_000, {
    min: 1,
    max: 1_000_000,
    help: 'event streams and WebSockets open at once of one key',
  }),
  connectionsMax: integer(20_000, { min: 1, max: 1_000_000, help: 'TCP connections open at once' }),
  bodyBytesMax: integer(10 * 1024 * 1024, { min: 1024, max: 1 << 30, help: 'bytes of one request body' }),
  headerBytesMax: integer(16 * 1024, { min: 1024, max: 1 << 20, help: 'bytes of all headers of a request' }),
  headersMax: integer(100, { min: 10, max: 2_000, help: 'headers of a request' }),
  nestingDepthMax: integer(128, { min: 8, max: 1_000, help: 'arrays and objects inside each other in a request' }),
  batchMessagesMax: integer(50, { min: 1, max: 10_000, help: 'messages in a JSON-RPC batch (protocol 2025-03-26)' }),
  lineBytesMax: integer(32 * 1024 * 1024, { min: 1024, max: 1 << 29, help: 'bytes of one message of the server' }),
};

const TIMES = {
  streamAgeMsMax: integer(3_600_000, { min: 1_000, max: 86_400_000, help: 'GET streams and subscriptions end after' }),
  requestTimeoutMs: integer(300_000, { min: 100, max: 86_400_000, help: 'time for one answer; progress renews it' }),
  inputWaitMs: integer(600_000, {
    min: 100,
    max: 86_400_000,
    help: 'time for a client to bring input that was asked for',
  }),
  sessionIdleMs: integer(1_800_000, { min: 100, max: 86_400_000, help: 'an unused session ends after this time' }),
  hungTimeoutMs: integer(60_000, { min: 100, max: 3_600_000, help: 'a silent server is killed after this time' }),
  startTimeoutMs: integer(60_000, { min: 100, max: 3_600_000, help: 'time for the server to answer initialize' }),
  readyWaitMs: integer(10_000, { min: 0, max: 600_000, help: 'time requests wait for a server that is starting' }),
  healthTimeoutMs: integer(2_000, { min: 10, max: 60_000, help: 'time for a sign of life when /health is asked' }),
  drainTimeoutMs: integer(20_000, { min: 0, max: 3_600_000, help: 'time for open requests after SIGTERM' }),
};

const CHILD = {
  sessions: oneOf('shared', ['shared', 'isolated'], 'one server process for all, or one for each session'),
  childEra: oneOf('auto', ['auto', 'legacy', 'modern'], 'era of the server: 2026-07-28 is modern; auto asks it'),
  poolSize: integer(1, { min: 0, max: 100, help: 'isolated servers started ahead of need' }),
  childrenMax: integer(50, { min: 1, max: 10_000, help: 'isolated servers at once' }),
  startAttemptsMax: integer(0, { min: 0, max: 1000, help: 'failed starts after which the wrapper ends; 0: never' }),
  childEnv: list(
    'variables the server gets besides the common ones; PREFIX_* takes all that begin so, * all',
    /^([a-z_][a-z0-9_]*\*?|\*)$/i,
    'NAME,…',
    { keepCase: true },
  ),
  forwardHeaders: list('request headers the server is told, in _meta or its environment', /^[a-z0-9-]+$/i, 'NAME,…'),
  forwardPrincipal: flag('tell the server who asks, in _meta or its environment'),
};

const MEASURES = {
  metricsPort: integer(0, {
    min: 0,
    max: 65_535,
    help: 'TCP port of /metrics, without a key; 0: the main port, with one',
  }),
  logLevel: oneOf<LogLevel>('info', LOG_LEVELS, "least level of the wrapper's log on stderr"),
  logFormat: oneOf<LogFormat>(
    'mixed',
    LOG_FORMATS,
    "mixed leaves the server's stderr lines as they are, json puts them in JSON too",
  ),
};

/** Every option, once and by section: flag, environment variable, parsing, `--help` and the documents come from here. */
export const OPTION_SECTIONS = {
  Listening: LISTENING,
  'Who may enter': DOOR,
  Limits: LIMITS,
  Times: TIMES,
  'The server': CHILD,
  'Log and metrics': MEASURES,
} satisfies Record<string, Record<string, OptionSpec<unknown>>>;

export const OPTIONS = {
  ...LISTENING,
  ...DOOR,
  ...LIMITS,
  ...TIMES,
  ...CHILD,
  ...MEASURES,
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
  if (problems.length > 0) return { ok: false, problems };
  problems.push(...findContradictions(options as WrapperOptions));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, options: options as WrapperOptions };
}

/** RFC 9728, 2: a protected resource has an identifier, and its clients ask for tokens for exactly that. */
function findContradictions(options: WrapperOptions): string[] {
  const problems: string[] = [];
  if (options.oauthIssuer !== '' && options.publicUrl === '') problems.push('--oauth-issuer needs --public-url');
  if (options.oauthIssuer === '' && options.oauthScopes.length + options.oauthAudience.length > 0) {
    problems.push('--oauth-scopes and --oauth-audience need --oauth-issuer');
  }
  if (options.oauthScopes.some((scope) => scope.split('|').includes('offline_access'))) {
    // 2026-07-28, authorization, refresh tokens.
    problems.push('--oauth-scopes must not hold offline_access: refresh tokens are between clients and the issuer');
  }
  if (options.metricsPort !== 0 && options.metricsPort === options.port) {
    problems.push('--metrics-port must be another port than --port');
  }
  return problems;
}

/** What `--help` and the documents show as the default. */
export function describeDefault({ defaultValue }: { defaultValue: unknown }): string {
  if (defaultValue === false) return 'off';
  return defaultValue === '' || Array.isArray(defaultValue) ? 'none' : String(defaultValue);
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

/** An empty default means that there is none; a given value may not be empty. */
function text(
  defaultValue: string,
  { help, placeholder = 'TEXT' }: { help: string; placeholder?: string },
): OptionSpec<string> {
  const parse = (given: string): { value: string } | { expected: string } =>
    given === '' ? { expected: 'not empty' } : { value: given };
  return { placeholder, help, defaultValue, parse };
}

/** Kept as it was written: issuers and audiences are compared character by character (RFC 8414, 3.3). */
function url(help: string): OptionSpec<string> {
  const expected = 'an https URL (http on this machine only) without user, query and fragment';
  const parse = (given: string): { value: string } | { expected: string } => {
    if (!URL.canParse(given)) return { expected };
    const { protocol, hostname, username, search, hash } = new URL(given);
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname));
    return isSafe && username === '' && search === '' && hash === '' ? { value: given } : { expected };
  };
  return { placeholder: 'URL', help, defaultValue: '', parse };
}

function flag(help: string): OptionSpec<boolean> {
  const parse = (given: string): { value: boolean } | { expected: string } =>
    given === 'true' || given === 'false' ? { value: given === 'true' } : { expected: 'true or false' };
  return { placeholder: 'true|false', help, defaultValue: false, parse };
}

/** Names whose case means nothing, unless `keepCase`. */
function list(
  help: string,
  pattern: RegExp,
  placeholder: string,
  { keepCase = false }: { keepCase?: boolean } = {},
): OptionSpec<readonly string[]> {
  return {
    placeholder,
    help,
    defaultValue: [],
    parse: (given) => {
      const items = (keepCase ? given : given.toLowerCase()).split(',').map((item) => item.trim());
      const bad = items.findIndex((item) => !pattern.test(item));
      return bad < 0 ? { value: items } : { expected: `a list of ${placeholder}: its item ${bad + 1} is not one` };
    },
  };
}

/** What OAuth allows in a scope (RFC 6749, 3.3), which holds every URI too. */
function words(help: string, placeholder: string): OptionSpec<readonly string[]> {
  return list(help, /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/, placeholder, { keepCase: true });
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
