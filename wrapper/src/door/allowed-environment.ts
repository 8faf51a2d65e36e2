/**
 * What programs need to run at all, find their files, speak the user's language, reach the network and be debugged; none
 * of it holds a secret. `MCP_SERVER_ID` is the server's own name.
 */
const COMMON_VARIABLES: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'HOSTNAME',
  'PWD',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TZ',
  'TERM',
  'TMPDIR',
  'TMP',
  'TEMP',
  'XDG_*',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_VERSION',
  'NPM_CONFIG_CACHE',
  'PYTHON*',
  'VIRTUAL_ENV',
  'UV_CACHE_DIR',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'PATHEXT',
  'COMSPEC',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'MCP_SERVER_ID',
];

export interface AllowedEnvironment {
  env: Record<string, string>;
  /** Names that stay behind, without the wrapper's own: a server that misses one fails in ways hard to understand. */
  withheld: string[];
}

/**
 * The server's environment out of the wrapper's: the common variables and what `allowed` names. `PREFIX_*` stands for
 * all that begin so and `*` for all, but the wrapper's own settings, which hold the hashes of the keys, never go.
 */
export function allowedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  allowed: readonly string[],
): AllowedEnvironment {
  const patterns = [...COMMON_VARIABLES, ...allowed];
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  const outcome: AllowedEnvironment = { env: {}, withheld: [] };
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name.toUpperCase().startsWith(OWN_PREFIX)) continue;
    if (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) outcome.env[name] = value;
    else outcome.withheld.push(name);
  }
  return outcome;
}

const OWN_PREFIX = 'MCP_WRAPPER_';
