import { type Message, post, type RawAnswer, readAnswer } from './mcp-client.ts';
import { type OpenStream, openStream, sendAndDrop } from './modern-client.ts';
import { openEvents, type StreamEvent } from './stream-events.ts';

export interface LegacyClient {
  sessionId: string;
  /** The result of `initialize`. */
  opened: Record<string, unknown>;
  request(method: string, params?: object, id?: unknown): Promise<RawAnswer>;
  /** The first text of a call's result, or its error as JSON. */
  text(name: string, args?: object): Promise<string>;
  notify(method: string, params?: object): Promise<Response>;
  /** Answers a request of the server. */
  respond(id: unknown, result: object): Promise<Response>;
  /** A call whose messages are read one by one: the server may ask in the middle of it. */
  open(method: string, params: object, id?: unknown): Promise<OpenStream>;
  /** Sends without reading the answer. @returns what drops the connection */
  begin(method: string, params: object, id?: unknown): () => Promise<void>;
  /** The GET stream, or what followed the event `lastEventId`. */
  listen(lastEventId?: string): Promise<OpenStream>;
  /** The same streams as events, with what is around the messages. */
  events(
    method: 'GET' | 'POST',
    options?: { id?: unknown; method?: string; params?: object; lastEventId?: string },
  ): Promise<AsyncIterator<StreamEvent, undefined> & { close(): void }>;
  end(): Promise<Response>;
}

/** A client of the revisions up to 2025-11-25 with a session, which can be asked by the server. */
export async function legacyClient(
  url: string,
  options: { version?: string; capabilities?: object; headers?: Record<string, string> } = {},
): Promise<LegacyClient> {
  const { version = '2025-11-25', capabilities = {} } = options;
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'test', version: '1' } };
  const response = await post(url, { jsonrpc: '2.0', id: 'init', method: 'initialize', params }, options.headers);
  const sessionId = response.headers.get('mcp-session-id') ?? '';
  const { last } = await readAnswer(response);
  const headers = {
    ...options.headers,
    'mcp-session-id': sessionId,
    'mcp-protocol-version': String(last.result?.protocolVersion),
  };
  const send = (message: object): Promise<Response> => post(url, { jsonrpc: '2.0', ...message }, headers);
  await send({ method: 'notifications/initialized' });
  const request: LegacyClient['request'] = async (method, params, id = 1) =>
    await readAnswer(await send({ id, method, params }));
  return {
    sessionId,
    opened: last.result,
    request,
    text: async (name, args = {}) => textOf((await request('tools/call', { name, arguments: args })).last),
    notify: (method, params) => send({ method, params }),
    respond: (id, result) => send({ id, result }),
    open: async (method, params, id = 1) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      return await openStream(url, { method: 'POST', body, headers: { accept: 'text/event-stream', ...headers } });
    },
    begin: (method, params, id = 1) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      return sendAndDrop(url, { method: 'POST', body, headers });
    },
    listen: async (lastEventId) =>
      await openStream(url, {
        method: 'GET',
        headers: { ...headers, accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) },
      }),
    events: async (httpMethod, { lastEventId, ...message } = {}) => {
      const init: RequestInit = {
        method: httpMethod,
        headers: {
          'content-type': 'application/json',
          ...headers,
          accept: 'text/event-stream',
          ...(lastEventId && { 'last-event-id': lastEventId }),
        },
        ...(httpMethod === 'POST' && { body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }) }),
      };
      return await openEvents(url, init);
    },
    end: () => fetch(url, { method: 'DELETE', headers }),
  };
}

function textOf({ result, error }: Message): string {
  return result?.content[0].text ?? JSON.stringify(error);
}
