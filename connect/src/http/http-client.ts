import { networkInterfaces } from 'node:os';
import { HttpConnection } from './http-connection.ts';
import { StaleConnectionError } from './http-error.ts';
import type { HttpResponse } from './http-response.ts';
import { SILENCE_TIMEOUT_MS } from './limits.ts';
import { openSocket } from './open-socket.ts';
import { findProxy, proxyAuthorization } from './proxy.ts';
import { renderHead } from './render-head.ts';
import { withCode } from './system-error.ts';

export interface HttpRequest {
  method: 'POST' | 'GET' | 'DELETE';
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** Whether the endpoint may get this twice: sent again when a kept connection turns out to be dead. */
  isRepeatable?: boolean;
  /** Silence after which it is given up, in ms. */
  silenceMs?: number;
}

/**
 * HTTP(S) to one URL over kept connections. On sockets, since node:http takes twice the time for each call and 20 MB of
 * memory, and cannot tell a connection that was kept from a fresh one.
 */
export class HttpClient {
  readonly #url: URL;
  readonly #env: NodeJS.ProcessEnv;
  readonly #target: string;
  readonly #ownHeaders: Record<string, string>;
  /** The one used last is at the end: the others may become unused for long enough to be let go of. */
  #idle: HttpConnection[] = [];
  readonly #open = new Set<HttpConnection>();
  #tlsSession: Buffer | undefined;
  #isClosed = false;

  constructor(url: URL, env: NodeJS.ProcessEnv) {
    this.#url = url;
    this.#env = env;
    const proxy = url.protocol === 'http:' ? findProxy(url, env) : undefined;
    // A proxy takes plain http in absolute form (RFC 9112, 3.2.2).
    this.#target = proxy ? `${url.origin}${url.pathname}${url.search}` : `${url.pathname}${url.search}`;
    this.#ownHeaders = { host: url.host, ...(proxy && proxyAuthorization(proxy)) };
  }

  /**
   * Resolves with the head of the answer; the body is still to be read.
   * @throws NeverSentError, NotHttpError, or the system's error with its `code`
   */
  async send({
    method,
    headers,
    body = '',
    signal,
    isRepeatable,
    silenceMs = SILENCE_TIMEOUT_MS,
  }: HttpRequest): Promise<HttpResponse> {
    const length = method === 'POST' && { 'content-length': String(Buffer.byteLength(body)) };
    const all = { ...this.#ownHeaders, ...headers, ...length };
    const request = {
      head: renderHead({ method, target: this.#target, headers: all }),
      body,
      silenceMs,
      signal,
    };
    const kept = this.#idle.pop();
    if (!kept) return await (await this.#connect(signal)).exchange(request);
    try {
      return await kept.exchange(request);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      if (!isRepeatable) throw error.cause;
      // Where one was dead, the others may be as well.
      return await (await this.#connect(signal)).exchange(request);
    }
  }

  /**
   * After sleep or a change of network: lets go of connections that are not in use, and of those whose own address this
   * machine no longer has. Nothing can arrive on them, and nobody would say so.
   */
  refresh(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    const addresses = new Set(
      Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address)),
    );
    for (const connection of this.#open) {
      const { localAddress } = connection;
      if (localAddress === undefined || addresses.has(localAddress.replace(/^::ffff:/, ''))) continue;
      connection.destroy(withCode('ECONNRESET'));
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open) connection.destroy();
  }

  async #connect(signal: AbortSignal | undefined): Promise<HttpConnection> {
    let connection: HttpConnection | undefined;
    const socket = await openSocket(this.#url, this.#env, {
      signal,
      onBytes: (bytes) => connection?.receive(bytes),
      tlsSession: this.#tlsSession,
      onTlsSession: (session) => {
        this.#tlsSession = session;
      },
    });
    const opened = new HttpConnection(socket, {
      onIdle: () => this.#idle.push(opened),
      onClosed: () => {
        this.#open.delete(opened);
        this.#idle = this.#idle.filter((one) => one !== opened);
      },
    });
    connection = opened;
    this.#open.add(opened);
    if (this.#isClosed) opened.destroy();
    return opened;
  }
}
