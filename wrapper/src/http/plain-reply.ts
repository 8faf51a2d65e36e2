import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { CONNECTION_KEEP_ALIVE_MS } from '../limits.ts';
import { httpDate } from './http-date.ts';
import type { HttpReply } from './http-exchange.ts';
import type { PlainRequest } from './plain-request.ts';

const KEEP_ALIVE = `connection: keep-alive\r\nkeep-alive: timeout=${CONNECTION_KEEP_ALIVE_MS / 1000}\r\n`;
const CLOSE = 'connection: close\r\n';

/** What may stand in a header: a line break would begin another one. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Node.js sets three bytes aside for each character of a string, for as long as its reader has not taken it all. */
const COPIED_CHARACTERS_MAX = 64 * 1024;

/** What a reply needs of the connection that it goes to. */
export interface ReplyConnection {
  readonly socket: Socket;
  /** No other request is taken after this one. */
  readonly isEnding: boolean;
  /** The next head that is written says that the connection ends. */
  readonly isDraining: boolean;
  end(): void;
  /** All of the reply has been handed to the socket. */
  over(reply: PlainReply): void;
}

/** The answer to a plain request: one write if it is sent at once, chunks if it is a stream. */
export class PlainReply implements HttpReply {
  readonly req: PlainRequest;
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  readonly #connection: ReplyConnection;
  #set: [name: string, value: string][] = [];
  #head = '';
  #isChunked = false;
  #isClosed = false;
  #listeners: (() => void)[] = [];

  constructor(req: PlainRequest, connection: ReplyConnection) {
    this.req = req;
    this.#connection = connection;
  }

  get destroyed(): boolean {
    return this.#isClosed || this.#connection.socket.destroyed;
  }

  get writableLength(): number {
    return this.#connection.socket.writableLength;
  }

  setHeader(name: string, value: string): void {
    this.#set.push([name, value]);
  }

  writeHead(status: number, headers: Record<string, string | number> = {}): this {
    this.statusCode = status;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    for (const [name, value] of this.#set) if (headers[name] === undefined) head += headerLine(name, value);
    for (const name in headers) if (name !== 'connection') head += headerLine(name, headers[name] ?? '');
    this.#isChunked = headers['content-length'] === undefined;
    if (this.#isChunked) head += 'transfer-encoding: chunked\r\n';
    if (headers.connection === 'close' || this.#connection.isDraining) this.#connection.end();
    this.#head = `${head}date: ${httpDate()}\r\n${this.#connection.isEnding ? CLOSE : KEEP_ALIVE}\r\n`;
    return this;
  }

  flushHeaders(): void {
    this.#send('');
  }

  write(text: string): boolean {
    return this.#send(this.#frame(text));
  }

  end(text = ''): void {
    if (this.writableEnded) return;
    this.writableEnded = true;
    this.#send(this.#isChunked ? `${this.#frame(text)}0\r\n\r\n` : text);
    this.#connection.over(this);
  }

  /** Afterwards the connection belongs to the next reply. */
  destroy(): void {
    if (!this.#isClosed) this.#connection.socket.destroy();
  }

  /** A listener that comes too late is called at once. */
  once(_event: 'close', listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#listeners.push(listener);
  }

  /** The answer has been taken, or its connection has gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** A chunk of nothing would be the end. */
  #frame(text: string): string {
    return this.#isChunked && text !== '' ? `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n` : text;
  }

  #send(text: string): boolean {
    const { socket } = this.#connection;
    if (!socket.writable) return false;
    const bytes = this.headersSent ? text : this.#head + text;
    this.headersSent = true;
    if (bytes === '') return true;
    return socket.write(bytes.length > COPIED_CHARACTERS_MAX ? Buffer.from(bytes) : bytes);
  }
}

function headerLine(name: string, value: string | number): string {
  const text = String(value);
  if (!HEADER_VALUE.test(text)) throw new TypeError(`The header ${name} holds characters that none may hold`);
  return `${name}: ${text}\r\n`;
}
