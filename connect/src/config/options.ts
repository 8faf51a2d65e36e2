interface OptionSpec<T> {
  /** What stands for the value in `--help`. */
  placeholder: string;
  help: string;
  defaultValue: T;
  /** For people, where the value says nothing to them. */
  describedDefault?: string;
  /** May be given several times. */
  isList?: true;
  /** The values there are, for completion. */
  values?: readonly string[];
  /** JSON Schema of the value in the config file. */
  schema: object;
  /** @returns the value, or what was expected, without the given value, which may be a secret */
  parse: (given: string) => { value: T } | { expected: string };
}

const ENDPOINT = {
  url: text('the endpoint: a template with {server-id}, or a whole URL', 'URL'),
  domain: domain('domain of the platform, for the endpoint https://{server-id}.mcp.DOMAIN/mcp'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text shows how to write it
  header: headers('a header to send along; ${NAME} in it stands for an environment variable'),
  allowHttp: flag('send keys and tokens over http to hosts other than this machine'),
};

const PROTOCOL = {
  transport: oneOf('http', ['http', 'websocket'], 'how to speak to the server'),
  protocol: oneOf('auto', ['auto', 'legacy', 'modern'], 'era of the server: 2026-07-28 is modern; auto finds out'),
};

const TIMES = {
  patienceMs: integer(50_000, {
    min: 100,
    max: 3_600_000,
    help: 'time to wait for a server that is starting, gone or silent, calls and reads apart; most clients give up after 60 s',
  }),
  callTimeoutMs: integer(600_000, {
    min: 1_000,
    max: 86_400_000,
    help: 'silence of the server after which a call of a tool, a read or a prompt is given up',
  }),
};

const SIGN_IN = {
  auth: oneOf('auto', ['auto', 'key', 'oauth', 'none'], 'what to prove who you are with; auto: the key, else OAuth'),
  browser: oneOf('auto', ['auto', 'never'], 'never: sign in by a code or URL to open on another device'),
  oauthClientId: text('id of an OAuth client that was registered by hand', 'ID'),
  oauthClientIssuer: text('the authorization server it was registered at; none: the first one it is used at', 'URL'),
  oauthGrant: oneOf(
    'authorization_code',
    ['authorization_code', 'client_credentials'],
    'client_credentials signs in a program instead of a person',
  ),
  oauthKeyFile: text('private key (PKCS #8 PEM) of that client, in place of a secret', 'PATH'),
  clientMetadataUrl: text('https URL that describes mcp-connect to authorization servers', 'URL'),
};

const FILES = {
  cacheDir: {
    ...text("folder for the server's last known answers; none: they are not kept", 'PATH|none'),
    describedDefault: "the platform's place for caches",
  },
  logFile: text('a file that gets what goes to stderr too', 'PATH'),
};

/** Every option, once and by section: flag, environment variable, parsing, `--help`, the documents and completion. */
export const OPTION_SECTIONS = {
  'The endpoint': ENDPOINT,
  Protocol: PROTOCOL,
  Times: TIMES,
  'Sign-in': SIGN_IN,
  Files: FILES,
} satisfies Record<string, Record<string, OptionSpec<unknown>>>;

export const OPTIONS = { ...ENDPOINT, ...PROTOCOL, ...TIMES, ...SIGN_IN, ...FILES } satisfies Record<
  string,
  OptionSpec<unknown>
>;

type OptionTable = typeof OPTIONS;
export type OptionName = keyof OptionTable;
export type ConnectOptions = { [Name in OptionName]: OptionTable[Name]['defaultValue'] };
/** Options as texts; those that are lists have an entry for each. */
export type GivenOptions = Partial<Record<OptionName, readonly string[]>>;

/** One place where options are given, and how messages name them there. */
export interface OptionLayer {
  given: GivenOptions;
  nameOf: (name: OptionName) => string;
}

export type OptionsOutcome = { ok: true; options: ConnectOptions } | { ok: false; problems: string[] };

/** `requestTimeoutMs` → `--request-timeout-ms` */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `requestTimeoutMs` → `MCP_CONNECT_REQUEST_TIMEOUT_MS` */
export function variableOf(name: string): string {
  return `MCP_CONNECT_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

export function specOf(name: OptionName): OptionSpec<unknown> {
  return OPTIONS[name];
}

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

export function isSwitch(name: OptionName): boolean {
  return typeof OPTIONS[name].defaultValue === 'boolean';
}

/**
 * The first of `layers` that has an option decides it; what none has is as by default.
 * Reports every problem at once.
 */
export function parseOptions(layers: readonly OptionLayer[]): OptionsOutcome {
  const complete = layers.map(withUrlOfDomain);
  const problems: string[] = [];
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(OPTIONS) as [OptionName, OptionSpec<unknown>][]) {
    const layer = complete.find(({ given }) => given[name] !== undefined);
    const parsed = layer ? parseOption(name, layer.given[name] ?? []) : { value: spec.defaultValue };
    if ('value' in parsed) options[name] = parsed.value;
    else problems.push(`${layer?.nameOf(name)} must be ${parsed.expected}`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, options: options as ConnectOptions };
}

export function flagLayer(given: GivenOptions): OptionLayer {
  return { given, nameOf: flagOf };
}

/** An empty variable is how shells and clients' configurations write "not set". */
export function environmentLayer(env: NodeJS.ProcessEnv): OptionLayer {
  const given: GivenOptions = {};
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const text = env[variableOf(name)]?.trim();
    if (text) given[name] = specOf(name).isList ? text.split('\n') : [text];
  }
  return { given, nameOf: variableOf };
}

export function fileLayer(given: GivenOptions): OptionLayer {
  return { given, nameOf: (name) => `"${name}" in the config file` };
}

/** @param texts the values given, of which the last counts unless the option is a list */
export function parseOption(name: OptionName, texts: readonly string[]): { value: unknown } | { expected: string } {
  const spec = specOf(name);
  return spec.parse(spec.isList ? texts.map((one) => one.trim()).join('\n') : (texts.at(-1) ?? '').trim());
}

/** A domain is a short way to write a template, so it counts where it was given. */
function withUrlOfDomain(layer: OptionLayer): OptionLayer {
  const { given } = layer;
  const name = given.domain?.at(-1)?.trim();
  if (given.url || !name) return layer;
  return { ...layer, given: { ...given, url: [`https://{server-id}.mcp.${name}/mcp`] } };
}

/** What `--help` and the documents show as the default. */
export function describeDefault({ defaultValue, describedDefault }: OptionSpec<unknown>): string {
  if (describedDefault !== undefined) return describedDefault;
  if (typeof defaultValue === 'boolean') return defaultValue ? 'on' : 'off';
  return defaultValue === '' || Array.isArray(defaultValue) ? 'none' : String(defaultValue);
}

function integer(
  defaultValue: number,
  { min, max, help }: { min: number; max: number; help: string },
): OptionSpec<number> {
  const parse = (given: string): { value: number } | { expected: string } => {
    const value = Number(given);
    const fits = /^\d+$/.test(given) && value >= min && value <= max;
    return fits ? { value } : { expected: `a whole number from ${min} to ${max}` };
  };
  return { placeholder: 'N', help, defaultValue, schema: { type: 'integer', minimum: min, maximum: max }, parse };
}

/** An empty default means that there is none; a given value may not be empty. */
function text(help: string, placeholder: string): OptionSpec<string> {
  const parse = (given: string): { value: string } | { expected: string } =>
    given === '' ? { expected: 'not empty' } : { value: given };
  return { placeholder, help, defaultValue: '', schema: { type: 'string', minLength: 1 }, parse };
}

function domain(help: string): OptionSpec<string> {
  const pattern = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
  const parse = (given: string): { value: string } | { expected: string } =>
    pattern.test(given) ? { value: given } : { expected: 'a domain such as example.com' };
  return { placeholder: 'DOMAIN', help, defaultValue: '', schema: { type: 'string', pattern: pattern.source }, parse };
}

/** Names as in RFC 9110, 5.1; values in visible ASCII. Those that carry the protocol itself cannot be set. */
function headers(help: string): OptionSpec<readonly string[]> {
  const pattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x20-\x7e]+$/;
  const schema = { type: 'array', items: { type: 'string', pattern: pattern.source } };
  const parse = (given: string): { value: readonly string[] } | { expected: string } => {
    const lines = given.split('\n');
    const bad = lines.findIndex((line) => !pattern.test(line));
    if (bad >= 0) return { expected: `"Name: value": number ${bad + 1} is not` };
    const reserved = lines.findIndex((line) => RESERVED_HEADERS.test(line));
    return reserved < 0
      ? { value: lines }
      : { expected: `no header of the protocol or connection: number ${reserved + 1} is one` };
  };
  return { placeholder: '"NAME: VALUE"', help, defaultValue: [], isList: true, schema, parse };
}

const RESERVED_HEADERS =
  /^(host|connection|content-length|content-type|transfer-encoding|accept|upgrade|te|trailer|keep-alive|last-event-id|mcp-[^:]*):/i;

function flag(help: string): OptionSpec<boolean> {
  const parse = (given: string): { value: boolean } | { expected: string } =>
    given === 'true' || given === 'false' ? { value: given === 'true' } : { expected: 'true or false' };
  return {
    placeholder: 'true|false',
    help,
    defaultValue: false,
    values: ['true', 'false'],
    schema: { type: 'boolean' },
    parse,
  };
}

function oneOf<const T extends string>(defaultValue: T, values: readonly T[], help: string): OptionSpec<T> {
  const parse = (given: string): { value: T } | { expected: string } => {
    const value = values.find((candidate) => candidate === given);
    return value ? { value } : { expected: `one of ${values.join(', ')}` };
  };
  return { placeholder: values.join('|'), help, defaultValue, values, schema: { enum: values }, parse };
}
