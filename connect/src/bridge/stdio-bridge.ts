import type { Readable } from 'node:stream';
import { classifyMessage, ERROR, errorResponse, isObject, type JsonObject, type Message } from './json-rpc.ts';
import { END_GRACE_MS, LINE_BYTES_MAX } from './limits.ts';
import { LineDecoder } from './line-decoder.ts';

export interface BridgeOptions {
  input: Readable;
  send: (message: Message) => Promise<void>;
  deliver: (value: JsonObject) => void;
}

/**
 * Reads the client's messages and sends them on until the input ends. `initialize` and `notifications/initialized` are
 * waited for, since HTTP requests overtake each other and a server may refuse what comes before them.
 * @returns when the input has ended and what was open has been answered, or has had `END_GRACE_MS` for it
 */
export async function runBridge({ input, send, deliver }: BridgeOptions): Promise<void> {
  const open = new Set<Promise<void>>();
  let handshake: Promise<void> = Promise.resolve();

  const take = (value: unknown): void => {
    const message = classifyMessage(value);
    if (!message) {
      const id = isObject(value) && (typeof value.id === 'string' || typeof value.id === 'number') ? value.id : null;
      const error = { code: ERROR.invalidRequest, message: 'Not a JSON-RPC 2.0 message of MCP' };
      return deliver(errorResponse(id, error));
    }
    const sent = handshake.then(() => send(message));
    if (isHandshake(message)) handshake = sent;
    open.add(sent);
    void sent.finally(() => open.delete(sent));
  };

  const lines = new LineDecoder({
    lineBytesMax: LINE_BYTES_MAX,
    onLine: (text) => {
      if (text.trim() === '') return;
      const value = parse(text);
      if (value === undefined) deliver(errorResponse(null, { code: ERROR.parse, message: 'The line is not JSON' }));
      else for (const one of Array.isArray(value) ? value : [value]) take(one);
    },
    onOversized: () => {
      const message = `The line is longer than ${LINE_BYTES_MAX} bytes`;
      deliver(errorResponse(null, { code: ERROR.invalidRequest, message }));
    },
  });
  for await (const chunk of input) lines.push(chunk as Buffer);
  lines.end();
  await settleWithin([...open], END_GRACE_MS);
}

function isHandshake(message: Message): boolean {
  return message.kind !== 'response' && ['initialize', 'notifications/initialized'].includes(message.method);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function settleWithin(promises: Promise<void>[], graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.allSettled(promises), timeout]);
  clearTimeout(timer);
}
