import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** A `POST /mcp` whose head was plain, and whose body came with it or soon after. */
export class PlainRequest {
  readonly method = 'POST';
  readonly url = '/mcp';
  /** Shared by all requests of a connection that have the same head. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly #socket: Socket;

  constructor({ headers, rawHeaders }: PlainHead, { body, socket }: { body: Buffer; socket: Socket }) {
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.body = body;
    this.#socket = socket;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }
}

export interface PlainHead {
  headers: Readonly<IncomingHttpHeaders>;
  /** Names and values in turn. */
  rawHeaders: readonly string[];
  /** Of the body. */
  contentLength: number;
}

/** No folded lines, no bytes beyond ASCII, no name that could be written in two ways. */
const PLAIN_HEAD = /^POST \/mcp HTTP\/1\.1\r\n(?:[A-Za-z0-9-]+:[\t\x20-\x7e]*\r\n)+$/;

/** Any of these asks for more than a body of known length and an answer; `node:http` obeys the last as `connection`. */
const ASKS_FOR_MORE: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'proxy-connection',
]);

/** Longer ones are not plain: what is exact is left to who knows all rules. */
const CONTENT_LENGTH = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Takes a head apart if it is one that no two parsers can read in two ways (RFC 9112, 11.2, request smuggling): every
 * header once, a length in digits, one host, and nothing that changes how the message is framed.
 * @param head with the line break of its last header, without the empty line
 * @returns undefined for every other head, be it right or wrong
 */
export function parsePlainHead(head: string, headersMax: number): PlainHead | undefined {
  if (!PLAIN_HEAD.test(head)) return undefined;
  const lines = head.split('\r\n');
  const count = lines.length - 2;
  if (count > headersMax) return undefined;
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  for (let i = 1; i <= count; i++) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(':');
    const rawName = line.slice(0, colon);
    const name = rawName.toLowerCase();
    if (Object.hasOwn(headers, name) || ASKS_FOR_MORE.has(name)) return undefined;
    const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
    headers[name] = value;
    rawHeaders.push(rawName, value);
  }
  const { connection = 'keep-alive', host, 'content-length': length = '' } = headers;
  if (!host || connection.toLowerCase() !== 'keep-alive' || !CONTENT_LENGTH.test(length)) return undefined;
  return { headers: Object.freeze(headers), rawHeaders: Object.freeze(rawHeaders), contentLength: Number(length) };
}
