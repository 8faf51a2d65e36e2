import type { ToolSummary } from '../domain/hosted-server.ts';
import { nearestWord } from '../domain/nearest-word.ts';
import { isServerId } from '../domain/server-id.ts';
import { UserError } from '../domain/user-error.ts';
import type { RolloutProgress } from './rollout-progress.ts';

/** A hosted server as the API tells of it. */
export interface ApiServer {
  serverId: string;
  serverName: string;
  status: string;
  statusMessage: string | null;
  endpointUrl: string;
  /** What was merged last; null before the first merge. */
  deployed: { version: string; access: 'private' | 'public' } | null;
  tools: ToolSummary[] | null;
  source: {
    /** `owner/name` of the server repository. */
    repository: string;
    /** Set for a preview. */
    pullRequest?: number;
  };
  createdAt: string;
  updatedAt: string;
}

export interface ApiServerStatus {
  serverId: string;
  status: string;
  statusMessage: string | null;
  rollout: RolloutProgress | null;
}

/** What became of a change; names alone. */
export interface ApiSecretsChanged {
  changed: string[];
  unchanged: string[];
  undeclared: string[];
  restarted: boolean;
}

export interface ApiSecrets {
  secrets: { name: string; declared: boolean; changedAt: string | null; changedBy: string | null }[];
  missing: string[];
}

export interface ApiKey {
  id: string;
  name: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

export interface ApiCreatedKey extends ApiKey {
  key: string;
  endpointUrl: string;
}

/** The bot's REST API under `/api/hosting`. */
export interface HostingApi {
  listServers(): Promise<ApiServer[]>;
  readServer(serverId: string): Promise<ApiServer>;
  readStatus(serverId: string): Promise<ApiServerStatus>;
  /** Oldest first. */
  readLogs(serverId: string, lines: number): Promise<string[]>;
  setSecret(serverId: string, name: string, value: string): Promise<ApiSecretsChanged>;
  unsetSecret(serverId: string, name: string): Promise<ApiSecretsChanged>;
  listSecrets(serverId: string): Promise<ApiSecrets>;
  /** The key is told this once. */
  createKey(serverId: string, key: { name: string; expiresAt: string | null }): Promise<ApiCreatedKey>;
  listKeys(serverId: string): Promise<ApiKey[]>;
  revokeKey(serverId: string, keyId: string): Promise<void>;
  /** Begins it. @returns the id of the rollout that does it. */
  change(serverId: string, change: 'stop' | 'start' | 'delete'): Promise<{ rolloutId: string }>;
}

const REQUEST_MS_MAX = 30_000;
const PAGE_SERVERS = 100;
/** More pages than an installation can fill: a server that always names a next one does not hold us for ever. */
const PAGES_MAX = 100;

/** Errors of every method: UserError `api-unreachable`, `api-unauthorized`, `server-not-found`, `api-refused`, or the API's own code. */
export function createHostingApi({ apiUrl, apiToken }: { apiUrl: string; apiToken: string }): HostingApi {
  const request = (method: string, path: string, body?: object) => send({ apiUrl, apiToken, method, path, body });

  async function ofServer<T>(method: string, serverId: string, suffix = '', body?: object): Promise<T> {
    if (!isServerId(serverId)) throw notFound(serverId, await listServers());
    try {
      return (await request(method, `/servers/${encodeURIComponent(serverId)}${suffix}`, body)) as T;
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'server-not-found') throw error;
      throw notFound(serverId, await listServers().catch(() => []));
    }
  }

  async function listServers(): Promise<ApiServer[]> {
    const servers: ApiServer[] = [];
    for (let page = 0; page < PAGES_MAX; page++) {
      const path = `/servers?limit=${PAGE_SERVERS}&offset=${page * PAGE_SERVERS}`;
      const answer = (await request('GET', path)) as { servers: ApiServer[]; next?: string };
      servers.push(...answer.servers);
      if (!answer.next) break;
    }
    return servers;
  }

  return {
    listServers,
    readServer: (serverId) => ofServer('GET', serverId),
    readStatus: (serverId) => ofServer('GET', serverId, '/status'),
    readLogs: async (serverId, lines) =>
      (await ofServer<{ lines: string[] }>('GET', serverId, `/logs?lines=${lines}`)).lines,
    setSecret: (serverId, name, value) => ofServer('PUT', serverId, '/secrets', Object.fromEntries([[name, value]])),
    unsetSecret: (serverId, name) => ofServer('DELETE', serverId, `/secrets/${encodeURIComponent(name)}`),
    listSecrets: (serverId) => ofServer('GET', serverId, '/secrets'),
    createKey: (serverId, key) => ofServer('POST', serverId, '/keys', key),
    listKeys: async (serverId) => (await ofServer<{ keys: ApiKey[] }>('GET', serverId, '/keys')).keys,
    revokeKey: async (serverId, keyId) => {
      await ofServer('DELETE', serverId, `/keys/${encodeURIComponent(keyId)}`);
    },
    change: (serverId, change) =>
      change === 'delete' ? ofServer('DELETE', serverId) : ofServer('POST', serverId, `/${change}`),
  };
}

/** An answer larger than this is no answer of the bot. */
const ANSWER_CHARS_MAX = 10_000_000;

interface Call {
  apiUrl: string;
  apiToken: string;
  method: string;
  path: string;
  body?: object | undefined;
}

async function send(call: Call): Promise<unknown> {
  const response = await reach(call);
  const text = (await response.text().catch(() => '')).slice(0, ANSWER_CHARS_MAX);
  const body = parseJson(text);
  if (!response.ok) throw problem(response.status, body, call);
  if (typeof body !== 'object' || body === null) throw unreachable(call.apiUrl, 'its answer is no JSON object');
  return body;
}

async function reach({ apiUrl, apiToken, method, path, body }: Call): Promise<Response> {
  try {
    return await fetch(`${apiUrl}/api/hosting${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiToken}`,
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    });
  } catch (error) {
    throw unreachable(apiUrl, reasonOf(error), error);
  }
}

function problem(status: number, body: unknown, { apiUrl }: { apiUrl: string }): UserError {
  const { code, detail, title, hint } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  if (status === 401) {
    return new UserError(
      'api-unauthorized',
      'Cannot use the API: it does not know the token, expected one that `mcp-hosting token create` made',
      'Set MCP_HOSTING_API_TOKEN to such a token.',
    );
  }
  if (status >= 500) return unreachable(apiUrl, `it answered ${status}`);
  return new UserError(
    typeof code === 'string' ? code : 'api-refused',
    String(detail ?? title ?? `The API answered ${status}`),
    typeof hint === 'string' ? hint : '',
  );
}

function notFound(serverId: string, servers: readonly ApiServer[]): UserError {
  const near = nearestWord(
    serverId,
    servers.map((server) => server.serverId),
  );
  return new UserError(
    'server-not-found',
    `Cannot find ${JSON.stringify(serverId.slice(0, 100))}: no hosted server has this id, expected one that \`mcp-hosting list\` shows`,
    near ? `Did you mean ${near}?` : 'Look at `mcp-hosting list`.',
  );
}

function unreachable(apiUrl: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'api-unreachable',
    `Cannot reach the API at ${apiUrl}: ${why}, expected an answer`,
    'Check that mcp-hosting runs there.',
    { cause },
  );
}

/** fetch says `fetch failed`, and why in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no connection';
  if (error.name === 'TimeoutError') return `no answer in ${REQUEST_MS_MAX / 1_000} s`;
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : error.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
