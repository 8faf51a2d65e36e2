import { type Message, post, type RawAnswer, readAnswer, readEvents } from './mcp-client.ts';

export const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
export const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
export const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
export const SUBSCRIPTION_KEY = 'io.modelcontextprotocol/subscriptionId';
export const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel';

export interface ModernRequest {
  id?: unknown;
  /** Beside, or instead of, what the revision requires; `undefined` leaves a key out. */
  meta?: Record<string, unknown>;
  /** The same for headers. */
  headers?: Record<string, string | undefined>;
  capabilities?: Record<string, unknown>;
}

export interface ModernClient {
  request(method: string, params?: Record<string, unknown>, options?: ModernRequest): Promise<RawAnswer>;
  /** `tools/call`; further parameters such as `inputResponses` stand in `more`. */
  call(name: string, args?: object, options?: ModernRequest & { more?: object }): Promise<RawAnswer>;
  /** The first text of a call's result, or its error as JSON. */
  text(name: string, args?: object, options?: ModernRequest): Promise<string>;
  /** The messages of a response stream, in order, as they come. */
  open(method: string, params?: Record<string, unknown>, options?: ModernRequest): Promise<OpenStream>;
  /** Sends without reading the answer. @returns what drops the connection */
  begin(method: string, params?: Record<string, unknown>, options?: ModernRequest): () => Promise<void>;
}

/** Sends a request and never reads its answer. @returns what drops the connection, as a client that is gone */
export function sendAndDrop(url: string, init: RequestInit): () => Promise<void> {
  const controller = new AbortController();
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const gone = fetch(url, {
    ...init,
    headers: { ...headers, ...(init.headers as Record<string, string>) },
    signal: controller.signal,
  }).then(
    () => undefined,
    () => undefined,
  );
  return () => {
    controller.abort();
    return gone;
  };
}

export type OpenStream = AsyncIterator<Message> & { close(): void; headers: Headers };

/** A raw client of 2026-07-28 that can leave out or falsify every part of a request. */
export function modernClient(url: string, defaults: ModernRequest = {}): ModernClient {
  const build = (method: string, params: Record<string, unknown>, options: ModernRequest): BuiltRequest =>
    buildRequest(method, params, {
      ...defaults,
      ...options,
      headers: { ...defaults.headers, ...options.headers },
    });
  const request: ModernClient['request'] = async (method, params = {}, options = {}) => {
    const { body, headers } = build(method, params, options);
    return await readAnswer(await post(url, body, headers));
  };
  const call: ModernClient['call'] = (name, args = {}, { more, ...options } = {}) =>
    request('tools/call', { name, arguments: args, ...more }, options);
  return {
    request,
    call,
    text: async (name, args, options) => {
      const { last } = await call(name, args, options);
      return last.result?.content[0].text ?? JSON.stringify(last.error);
    },
    open: async (method, params = {}, options = {}) => {
      const { body, headers } = build(method, params, options);
      return await openStream(url, { method: 'POST', body, headers });
    },
    begin: (method, params = {}, options = {}) => {
      const { body, headers } = build(method, params, options);
      return sendAndDrop(url, { method: 'POST', body, headers });
    },
  };
}

interface BuiltRequest {
  body: string;
  headers: Record<string, string>;
}

function buildRequest(
  method: string,
  params: Record<string, unknown>,
  { id = 1, meta = {}, headers = {}, capabilities = {} }: ModernRequest,
): BuiltRequest {
  const version = '2026-07-28';
  const _meta = { [VERSION_KEY]: version, [CAPABILITIES_KEY]: capabilities, ...meta };
  const all: Record<string, unknown> = {
    'mcp-protocol-version': version,
    'mcp-method': method,
    'mcp-name': /^(tools\/call|prompts\/get|resources\/read)$/.test(method) ? (params.name ?? params.uri) : undefined,
    ...headers,
  };
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return {
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
    headers: Object.fromEntries(given),
  };
}

/** Sends a request whose answer is read while it comes. */
export async function openStream(url: string, init: RequestInit): Promise<OpenStream> {
  const controller = new AbortController();
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await fetch(url, {
    ...init,
    headers: { ...headers, ...(init.headers as Record<string, string>) },
    signal: controller.signal,
  });
  const type = response.headers.get('content-type');
  if (!response.body || type !== 'text/event-stream') {
    throw new Error(`${init.method} answered ${response.status} ${type}: ${await response.text()}`);
  }
  return Object.assign(readEvents(response.body), { close: () => controller.abort(), headers: response.headers });
}
