import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawReply {
  status: number;
  headers: Record<string, string>;
  /** Chunks put together. */
  body: string;
  /** `node:http` writes `Date`, the wrapper's own part writes `date`. */
  isByNode: boolean;
}

/** One connection on which the tests write bytes. */
export interface RawConnection {
  socket: Socket;
  /** Resolves when the bytes are on their way. */
  send(bytes: string | Buffer): Promise<void>;
  /** The next whole reply; undefined when the connection ends before there is one. */
  reply(): Promise<RawReply | undefined>;
  /** Resolves when the other side has ended. */
  ended: Promise<unknown>;
}

export async function openConnection(origin: string): Promise<RawConnection> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let isOver = false;
  let wake = (): void => {};
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    wake();
  });
  const ended = new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) {
      socket.once(event, () => {
        isOver = true;
        wake();
        resolve(undefined);
      });
    }
  });
  return {
    socket,
    ended,
    send: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    reply: async () => {
      for (;;) {
        const taken = takeReply(received);
        if (taken) {
          received = received.slice(taken.length);
          return taken.reply;
        }
        if (isOver) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function takeReply(text: string): { reply: RawReply; length: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const reply = {
    status: Number(first.split(' ')[1]),
    headers,
    isByNode: lines.some((line) => line.startsWith('Date:')),
  };
  const start = headEnd + 4;
  if (headers['transfer-encoding'] !== 'chunked') {
    const end = start + Number(headers['content-length'] ?? 0);
    return text.length < end ? undefined : { reply: { ...reply, body: decode(text.slice(start, end)) }, length: end };
  }
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return { reply: { ...reply, body: decode(body) }, length: next };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}

function decode(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
