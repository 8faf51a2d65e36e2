import type { Socket } from 'node:net';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import { NotHttpError, StaleConnectionError } from './http-error.ts';
import { HttpResponse } from './http-response.ts';
import { HEAD_BYTES_MAX, HEAD_TIMEOUT_MS, IDLE_CONNECTION_MS, IDLE_MARGIN_MS, INTERIM_ANSWERS_MAX } from './limits.ts';
import { framingOf, keepsConnection, parseHead, type ResponseHead } from './parse-head.ts';
import { withCode } from './system-error.ts';

const HEAD_END = '\r\n\r\n';

/** A request on its way, and what has come of its answer. */
interface Exchange {
  resolve: (response: HttpResponse) => void;
  reject: (error: Error) => void;
  /** Of the answer's head, as long as that is not whole. */
  head: string;
  headTimer: NodeJS.Timeout | undefined;
  interimAnswers: number;
  response: HttpResponse | undefined;
  body: BodyDecoder | undefined;
  /** After the end of the answer; 0: not at all. */
  idleMs: number;
  /** No longer listens for the signal. */
  stop: () => void;
}

/** What is sent: the head up to and with the empty line, and the body. */
export interface RawRequest {
  head: string;
  body: string;
  silenceMs: number;
  signal: AbortSignal | undefined;
}

/** One open connection (RFC 9112), with one exchange at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #onIdle: () => void;
  #exchange: Exchange | undefined;
  #exchanges = 0;
  #error: Error | undefined;

  /**
   * @param options.onIdle it can be used again
   * @param options.onClosed it is gone
   */
  constructor(socket: Socket, { onIdle, onClosed }: { onIdle: () => void; onClosed: () => void }) {
    this.#socket = socket;
    this.#onIdle = onIdle;
    // After an error of TLS in what has come, the socket would stay open until the peer closes it.
    socket.on('error', (error) => this.destroy(error));
    socket.on('timeout', () => this.destroy(withCode('ETIMEDOUT')));
    // Nothing more will come, so nothing more is worth being sent.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      onClosed();
      this.#fail(this.#error ?? withCode('ECONNRESET'));
    });
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  /**
   * Resolves with the head of the answer.
   * @throws StaleConnectionError, NotHttpError, the system's error
   */
  exchange({ head, body, silenceMs, signal }: RawRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.destroy(signal?.reason);
      const stop = (): void => signal?.removeEventListener('abort', onAbort);
      this.#exchange = {
        resolve,
        reject,
        head: '',
        headTimer: undefined,
        interimAnswers: 0,
        response: undefined,
        body: undefined,
        idleMs: 0,
        stop,
      };
      this.#exchanges += 1;
      this.#socket.setTimeout(silenceMs);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#socket.write(head + body);
      return undefined;
    });
  }

  /** Never longer than was asked for. */
  limitSilence(timeoutMs: number): void {
    this.#socket.setTimeout(Math.min(timeoutMs, this.#socket.timeout || timeoutMs));
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** What has come. @param bytes are not kept: the next ones are read to the same place */
  receive(bytes: Buffer): void {
    const exchange = this.#exchange;
    // Nobody has asked for anything.
    if (!exchange) return this.destroy();
    try {
      const rest = exchange.body ? bytes : this.#readHead(exchange, bytes);
      if (rest) this.#readBody(exchange, rest);
    } catch (error) {
      this.destroy(new NotHttpError((error as Error).message));
    }
  }

  /** @returns what follows the head; undefined when that is not whole */
  #readHead(exchange: Exchange, bytes: Buffer): Buffer | undefined {
    const before = exchange.head.length;
    exchange.head += bytes.toString('latin1', 0, Math.min(bytes.length, HEAD_BYTES_MAX));
    const end = exchange.head.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end < 0) {
      if (exchange.head.length >= HEAD_BYTES_MAX) throw new Error('its head is too long');
      exchange.headTimer ??= setTimeout(() => this.destroy(withCode('ETIMEDOUT')), HEAD_TIMEOUT_MS);
      return undefined;
    }
    clearTimeout(exchange.headTimer);
    const head = parseHead(exchange.head.slice(0, end));
    const rest = bytes.subarray(end + HEAD_END.length - before);
    if (!head || head.status === 101) throw new Error('it does not begin as HTTP does');
    exchange.head = '';
    if (head.status < 200) return this.#skipInterim(exchange, rest);
    this.#begin(exchange, head);
    return rest;
  }

  #skipInterim(exchange: Exchange, rest: Buffer): Buffer | undefined {
    exchange.interimAnswers += 1;
    if (exchange.interimAnswers > INTERIM_ANSWERS_MAX) throw new Error('it never gets to the answer itself');
    return rest.length > 0 ? this.#readHead(exchange, rest) : undefined;
  }

  #begin(exchange: Exchange, head: ResponseHead): void {
    const framing = framingOf(head);
    if (!framing) throw new Error('its length contradicts itself');
    exchange.body = createBodyDecoder(framing);
    exchange.idleMs = keepsConnection(head) ? idleMsOf(head) : 0;
    exchange.response = new HttpResponse(head, this);
    exchange.resolve(exchange.response);
  }

  #readBody(exchange: Exchange, bytes: Buffer): void {
    const { body, response } = exchange;
    if (!body || !response) return;
    const used = body.push(bytes, (data) => response.push(Buffer.from(data)));
    if (!body.isDone) return;
    // Bytes after the end belong to nothing that was asked for.
    if (used < bytes.length) exchange.idleMs = 0;
    this.#finish(exchange);
  }

  #finish(exchange: Exchange): void {
    exchange.stop();
    this.#exchange = undefined;
    exchange.response?.finish(undefined);
    // A server may answer before it has read all; what is left of the request would be read as the next one.
    if (exchange.idleMs === 0 || this.#socket.writableLength > 0 || this.#socket.destroyed) return this.destroy();
    this.#socket.setTimeout(exchange.idleMs);
    this.#onIdle();
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    clearTimeout(exchange.headTimer);
    if (!this.#error && exchange.body?.endsWithConnection) return this.#finish(exchange);
    exchange.stop();
    this.#exchange = undefined;
    if (exchange.response) return exchange.response.finish(error);
    const wasKept = this.#exchanges > 1 && exchange.head === '' && isReset(error);
    exchange.reject(wasKept ? new StaleConnectionError(error) : error);
  }
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

/** How long the connection may be unused: the server may say for how long it keeps it. */
function idleMsOf({ headers }: ResponseHead): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})/.exec(headers.get('keep-alive') ?? '')?.[1];
  if (seconds === undefined) return IDLE_CONNECTION_MS;
  return Math.max(0, Math.min(IDLE_CONNECTION_MS, Number(seconds) * 1000 - IDLE_MARGIN_MS));
}
