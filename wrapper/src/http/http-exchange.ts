import type { IncomingMessage } from 'node:http';
import type { PlainRequest } from './plain-request.ts';

/** As `node:http` gives it, or one whose whole body is there already. */
export type HttpRequest = IncomingMessage | PlainRequest;

/** What is used of `node:http`'s `ServerResponse`, with its meaning. */
export interface HttpReply {
  readonly req: { readonly method?: string | undefined };
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  /** Bytes that the reader has not taken yet. */
  readonly writableLength: number;
  /** The answer is over, or nobody is there any more. */
  readonly destroyed: boolean;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers?: Record<string, string | number>): HttpReply;
  flushHeaders(): void;
  write(text: string): boolean;
  end(text?: string): unknown;
  /** Ends the connection without a word. */
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}
