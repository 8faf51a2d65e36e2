import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CONNECT_TIMEOUT_MS, IDLE_CONNECTION_MS, SILENCE_TIMEOUT_MS } from './limits.ts';
import { findProxy, isLoopback, proxyAuthorization, TunnelAgent } from './proxy.ts';
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
  /** Told when everything has been handed to the system. */
  onSent?: () => void;
}

/** The request cannot have reached the server: no connection was made. */
export class NeverSentError extends Error {
  readonly code: string;

  constructor(cause: NodeJS.ErrnoException) {
    super('no connection was made', { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

/**
 * HTTP(S) to one URL over kept connections. Built on node:http since `fetch` cannot reach `*.localhost` at 127.0.0.1
 * while sending the real Host header, and cannot tell a reused connection from a fresh one.
 */
export class HttpClient {
  readonly #url: URL;
  readonly #proxy: URL | undefined;
  #agent: HttpAgent | HttpsAgent;

  constructor(url: URL, env: NodeJS.ProcessEnv) {
    this.#url = url;
    this.#proxy = findProxy(url, env);
    this.#agent = this.#createAgent();
  }

  /**
   * Resolves with the head of the answer; the body is still to be read.
   * @throws NeverSentError, or the system's error with its `code`
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request);
    } catch (error) {
      if (request.isRepeatable && error instanceof StaleConnectionError) return await this.#sendOnce(request);
      throw error instanceof StaleConnectionError ? error.cause : error;
    }
  }

  /**
   * After sleep or a change of network: lets go of connections that are not in use, and of those whose own address this
   * machine no longer has. Nothing can arrive on them, and nobody would say so.
   */
  refresh(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
    const addresses = new Set(
      Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address)),
    );
    for (const sockets of Object.values(this.#agent.sockets)) {
      for (const socket of [...(sockets ?? [])]) {
        const { localAddress } = socket;
        if (localAddress === undefined || addresses.has(localAddress.replace(/^::ffff:/, ''))) continue;
        socket.destroy(withCode('ECONNRESET'));
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #createAgent(): HttpAgent | HttpsAgent {
    const options = {
      keepAlive: true,
      keepAliveMsecs: 15_000,
      timeout: IDLE_CONNECTION_MS,
      scheduling: 'lifo',
    } as const;
    if (this.#url.protocol !== 'https:') return new HttpAgent(options);
    return this.#proxy ? new TunnelAgent(this.#proxy, options) : new HttpsAgent(options);
  }

  #sendOnce({
    method,
    headers,
    body,
    signal,
    silenceMs = SILENCE_TIMEOUT_MS,
    onSent,
  }: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const req = this.#open({
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: this.#agent,
        lookup: lookupLocalhost,
        ...(signal && { signal }),
      });
      const connection = watchConnection(req);
      req.setTimeout(silenceMs, () => req.destroy(withCode('ETIMEDOUT')));
      if (onSent) req.once('finish', onSent);
      req.once('response', resolve);
      req.on('error', (error: NodeJS.ErrnoException) => {
        if (!connection.isMade && !req.reusedSocket) return reject(new NeverSentError(error));
        const isStale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isStale ? new StaleConnectionError('kept connection was dead', { cause: error }) : error);
      });
      req.end(body);
    });
  }

  #open(options: RequestOptions): ClientRequest {
    if (this.#url.protocol === 'https:') return httpsRequest(this.#url, options);
    if (!this.#proxy) return httpRequest(this.#url, options);
    // A proxy takes plain http in absolute form (RFC 9112, 3.2.2).
    const headers = { ...options.headers, host: this.#url.host, ...proxyAuthorization(this.#proxy) };
    return httpRequest(new URL(this.#proxy.origin), { ...options, path: this.#url.href, headers });
  }
}

class StaleConnectionError extends Error {}

/** Limits the time to connect, and tells whether that was done. */
function watchConnection(req: ClientRequest): { readonly isMade: boolean } {
  const connection = { isMade: false };
  req.once('socket', (socket: Socket) => {
    if (!socket.connecting && !('secureConnecting' in socket && socket.secureConnecting)) {
      connection.isMade = true;
      return;
    }
    const timer = setTimeout(() => req.destroy(withCode('ETIMEDOUT')), CONNECT_TIMEOUT_MS);
    const stop = (): void => clearTimeout(timer);
    const made = (): void => {
      connection.isMade = true;
      stop();
    };
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', made);
    socket.once('close', stop);
  });
  return connection;
}

/** RFC 6761: every name under `localhost` is this machine, whatever the system's resolver knows of it. */
const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
  if (hostname === 'localhost' || !isLoopback(hostname)) {
    systemLookup(hostname, options as { all: true }, callback as (error: Error | null, found: LookupAddress[]) => void);
    return;
  }
  const address = { address: '127.0.0.1', family: 4 };
  if (options.all) callback(null, [address]);
  else callback(null, address.address, address.family);
};
