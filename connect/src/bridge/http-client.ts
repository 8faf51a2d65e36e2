import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { CONNECT_TIMEOUT_MS, SILENCE_TIMEOUT_MS } from './limits.ts';

export interface HttpRequest {
  method: 'POST' | 'GET' | 'DELETE';
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** Whether the endpoint may get this twice: sent again when a kept connection turns out to be dead. */
  isRepeatable?: boolean;
}

/**
 * HTTP(S) to one URL over kept connections. Built on node:http since `fetch` cannot reach `*.localhost` at 127.0.0.1
 * while sending the real Host header, and cannot tell a reused connection from a fresh one.
 */
export class HttpClient {
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(url: URL) {
    this.#url = url;
    const options = { keepAlive: true, keepAliveMsecs: 15_000 };
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /**
   * Resolves with the head of the answer; the body is still to be read.
   * @throws the system's error, with its `code`
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request);
    } catch (error) {
      if (request.isRepeatable && error instanceof StaleConnectionError) return await this.#sendOnce(request);
      throw error instanceof StaleConnectionError ? error.cause : error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #sendOnce({ method, headers, body, signal }: HttpRequest): Promise<IncomingMessage> {
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const req = send(this.#url, {
        method,
        headers: { ...headers, ...length },
        agent: this.#agent,
        lookup: lookupLocalhost,
        ...(signal && { signal }),
      });
      limitConnecting(req);
      req.setTimeout(SILENCE_TIMEOUT_MS, () => req.destroy(withCode('ETIMEDOUT')));
      req.once('response', resolve);
      req.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(isStale ? new StaleConnectionError('kept connection was dead', { cause: error }) : error);
      });
      req.end(body);
    });
  }
}

class StaleConnectionError extends Error {}

function limitConnecting(req: ClientRequest): void {
  req.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => req.destroy(withCode('ETIMEDOUT')), CONNECT_TIMEOUT_MS);
    const stop = (): void => clearTimeout(timer);
    socket.once('secureConnect', stop);
    // A plain socket has no event after this one.
    socket.once('connect', () => {
      if (!('encrypted' in socket)) stop();
    });
    socket.once('close', stop);
  });
}

/** RFC 6761: every name under `localhost` is this machine, whatever the system's resolver knows of it. */
const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
  if (!hostname.toLowerCase().endsWith('.localhost')) {
    systemLookup(hostname, options as { all: true }, callback as (error: Error | null, found: LookupAddress[]) => void);
    return;
  }
  const address = { address: '127.0.0.1', family: 4 };
  if (options.all) callback(null, [address]);
  else callback(null, address.address, address.family);
};

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
