import { Pool } from 'undici';

/** `legacy` opens a session by `initialize`; `modern` (2026-07-28) says who it is in every request. */
export type Era = 'legacy' | 'modern';

const LEGACY_VERSION = '2025-11-25';
const MODERN_VERSION = '2026-07-28';
const CLIENT_INFO = { name: 'bench', version: '1' };

/** A peer that hangs is an error in the table, not a bench that hangs. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface HttpReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** What goes into the headers of each request of a session; empty where the server keeps none. */
export type SessionHeaders = Record<string, string>;

/**
 * As little client as there can be, since it shares the machine with what it measures: the body is put together from
 * text, and an answer is not parsed but searched for its id and its result.
 */
export class McpHttpClient {
  readonly #pool: Pool;
  readonly #path: string;
  #lastId = 0;

  constructor(url: string, connections: number) {
    const { origin, pathname } = new URL(url);
    this.#path = pathname;
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  async openSession(): Promise<SessionHeaders> {
    const session = await this.initialize();
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session);
    return session;
  }

  /** @throws Error with status and body when the server does not open a session */
  async initialize(): Promise<SessionHeaders> {
    const params = { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: CLIENT_INFO };
    const reply = await this.#post({ jsonrpc: '2.0', id: this.#nextId(), method: 'initialize', params }, {});
    if (reply.status !== 200) throw new Error(describeReply('initialize', reply));
    const sessionId = reply.headers['mcp-session-id'];
    return {
      'mcp-protocol-version': LEGACY_VERSION,
      ...(typeof sessionId === 'string' && { 'mcp-session-id': sessionId }),
    };
  }

  async closeSession(session: SessionHeaders): Promise<void> {
    await this.#send('DELETE', undefined, session);
  }

  /** Opens the session's event stream and lets go of it as a client does that dies. */
  async abandonStream(session: SessionHeaders): Promise<void> {
    const reply = await this.#pool.request({
      path: this.#path,
      method: 'GET',
      headers: { accept: 'text/event-stream', ...session },
    });
    reply.body.on('error', () => {
      // Being cut off is what is meant.
    });
    reply.body.destroy();
  }

  /**
   * Calls the tool `echo`.
   * @throws Error when the answer is not the echo of the message
   */
  async callEcho(message: string, { era, session }: { era: Era; session: SessionHeaders }): Promise<void> {
    const id = this.#nextId();
    const params = { name: 'echo', arguments: { message }, ...(era === 'modern' && { _meta: MODERN_META }) };
    const headers = era === 'modern' ? MODERN_HEADERS : session;
    const reply = await this.#post({ jsonrpc: '2.0', id, method: 'tools/call', params }, headers);
    if (reply.status !== 200 || !isEcho(reply.text, { id, message })) {
      throw new Error(describeReply('tools/call', reply));
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #post(message: object, headers: SessionHeaders): Promise<HttpReply> {
    return this.#send('POST', JSON.stringify(message), headers);
  }

  async #send(method: 'POST' | 'DELETE', body: string | undefined, headers: SessionHeaders): Promise<HttpReply> {
    const reply = await this.#pool.request({
      path: this.#path,
      method,
      body: body ?? null,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    });
    return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
  }
}

const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
};
const MODERN_HEADERS: SessionHeaders = {
  'mcp-protocol-version': MODERN_VERSION,
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
};

function isEcho(text: string, { id, message }: { id: number; message: string }): boolean {
  const hasId = text.includes(`"id":${id},`) || text.includes(`"id":${id}}`);
  return hasId && text.includes('"result"') && text.includes(`Echo: ${message}`);
}

const REPLY_CHARACTERS_SHOWN = 160;

function describeReply(method: string, { status, text }: HttpReply): string {
  return `${method}: ${status} ${text.slice(0, REPLY_CHARACTERS_SHOWN).trim()}`;
}
