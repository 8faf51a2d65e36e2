/** A raw client, since the tests send what no SDK would. */
export interface RawClient {
  sessionId: string;
  request(method: string, params?: object, id?: unknown): Promise<RawAnswer>;
  call(name: string, args?: object, id?: unknown): Promise<string>;
  notify(method: string, params?: object): Promise<Response>;
  /** The GET stream: messages in order, as they come. */
  listen(): Promise<AsyncIterator<Message> & { close(): void }>;
}

export interface RawAnswer {
  status: number;
  headers: Headers;
  /** All messages of the answer; the last one is the response. */
  messages: Message[];
  last: Message;
}

export interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of any shape
  result?: any;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export async function readAnswer(response: Response): Promise<RawAnswer> {
  const text = await response.text();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const values: Message[] = isStream ? parseEvents(text) : [text === '' ? {} : JSON.parse(text)].flat();
  return { status: response.status, headers: response.headers, messages: values, last: values.at(-1) ?? {} };
}

/** Initialises a session and returns a client for it. */
export async function openSession(url: string, headers: Record<string, string> = {}): Promise<RawClient> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await post(url, { jsonrpc: '2.0', id: 'init', method: 'initialize', params }, headers);
  const sessionId = response.headers.get('mcp-session-id') ?? '';
  await response.text();
  const own = { ...headers, 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-06-18' };
  const request: RawClient['request'] = async (method, params, id = 1) =>
    await readAnswer(await post(url, { jsonrpc: '2.0', id, method, params }, own));
  return {
    sessionId,
    request,
    call: async (name, args = {}, id = 1) => {
      const { last } = await request('tools/call', { name, arguments: args }, id);
      return last.result?.content[0].text ?? JSON.stringify(last.error);
    },
    notify: (method, params) => post(url, { jsonrpc: '2.0', method, params }, own),
    listen: () => listen(url, own),
  };
}

async function listen(
  url: string,
  headers: Record<string, string>,
): Promise<AsyncIterator<Message> & { close(): void }> {
  const controller = new AbortController();
  const response = await fetch(url, {
    headers: { ...headers, accept: 'text/event-stream' },
    signal: controller.signal,
  });
  if (!response.ok || !response.body) throw new Error(`GET answered ${response.status}`);
  return Object.assign(readEvents(response.body), { close: () => controller.abort() });
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* parseEvents(blocks.join('\n\n'));
  }
  return undefined;
}

function parseEvents(text: string): Message[] {
  return text.split('\n\n').flatMap((block) => {
    // An event without data primes the client for a reconnection.
    const data = block.split('\n').find((line) => /^data: ./.test(line));
    return data ? [JSON.parse(data.slice(6))] : [];
  });
}

/** What `/health` says of a wrapper that is well. */
export async function healthOf(origin: string): Promise<{ sessions: number; requestsInFlight: number }> {
  const response = await fetch(`${origin}/health`);
  return (await response.json()) as { sessions: number; requestsInFlight: number };
}
