import type { Readable, Writable } from 'node:stream';
import { ClientAsks } from './client-asks.ts';
import { parseExactly } from './exact-json.ts';
import { isRepeatable } from './is-repeatable.ts';
import {
  classifyMessage,
  ERROR,
  errorResponse,
  isObject,
  isRequestId,
  type Message,
  type RequestId,
} from './json-rpc.ts';
import { LegacyFront } from './legacy-front.ts';
import { END_GRACE_MS, FLUSH_TIMEOUT_MS, LINE_BYTES_MAX, UNREAD_CHUNKS_MAX } from './limits.ts';
import { LineDecoder } from './line-decoder.ts';
import { LineOutput } from './line-output.ts';
import type { LocalClient } from './local-client.ts';
import { readModernIdentity } from './meta.ts';
import { ModernFront } from './modern-front.ts';
import { OpenCalls } from './open-calls.ts';
import { openRemote, type Remote } from './remote.ts';
import type { RemoteOptions } from './remote-connection.ts';
import { describeFailure, toRemoteError } from './remote-failure.ts';
import { soundBody } from './sound-body.ts';

export interface BridgeOptions extends RemoteOptions {
  /** How messages to people call the server. */
  name: string;
  input: Readable;
  output: Writable;
  /** Ends it like the end of the input, without waiting for answers. */
  signal?: AbortSignal;
}

/**
 * Serves one local MCP client over lines of JSON-RPC until its input ends. Every request gets exactly one answer, the
 * server's or an error that says what happened; nothing else is written to `output`.
 * @returns when the input has ended, answers under way have been delivered and everything was let go of
 */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const bridge = new Bridge(options);
  await readUntilEnd(options, bridge);
  await bridge.close({ graceMs: options.signal?.aborted ? 0 : END_GRACE_MS });
}

/** The two ways in which local clients speak, told apart message by message: some probe before they decide. */
class Bridge {
  readonly #output: LineOutput;
  readonly #remote: Remote;
  readonly #calls = new OpenCalls();
  readonly #asks: ClientAsks;
  readonly #legacy: LegacyFront;
  readonly #modern: ModernFront;
  readonly #log: (text: string) => void;

  constructor(options: BridgeOptions) {
    const { name, endpoint, log } = options;
    this.#log = log;
    this.#output = new LineOutput(options.output);
    this.#remote = openRemote(options);
    this.#asks = new ClientAsks((message) => this.#output.write(message));
    const client: LocalClient = {
      notify: (method, params) => this.#output.write({ jsonrpc: '2.0', method, ...(params && { params }) }),
      ask: (ask) => this.#asks.ask(ask),
    };
    const explain = (error: unknown, method: string): { error: unknown } => {
      const { failure } = toRemoteError(error);
      const origin = endpoint.origin + endpoint.pathname;
      const described = describeFailure(failure, { target: name, origin, isRepeatable: isRepeatable(method) });
      log(described.message);
      return { error: described };
    };
    this.#legacy = new LegacyFront({ remote: this.#remote, client, explain });
    this.#modern = new ModernFront({ remote: this.#remote, client, explain });
  }

  take(value: unknown): void {
    const message = classifyMessage(value);
    const { id, params } = isObject(value) ? value : {};
    if (message && (params === undefined || isObject(params))) return this.#route(message);
    const problem = message ? ': "params" must be an object' : '';
    const error = { code: ERROR.invalidRequest, message: `Not a JSON-RPC 2.0 message of MCP${problem}` };
    this.refuse(isRequestId(id) ? id : null, error);
  }

  refuse(id: RequestId | null, error: { code: number; message: string }): void {
    this.#output.write(errorResponse(id, error));
  }

  /** @param outline of a line that was too long: all that is left of its message */
  refuseLine(outline: unknown): void {
    const message = classifyMessage(outline);
    const error = { code: ERROR.invalidRequest, message: `The line is longer than ${LINE_BYTES_MAX} bytes` };
    if (message?.kind === 'response') return this.#asks.answer(message.id, { error });
    this.refuse(message?.kind === 'request' ? message.id : null, error);
  }

  awaitReader(resume: () => void): boolean {
    return this.#output.awaitReader(resume);
  }

  async close({ graceMs }: { graceMs: number }): Promise<void> {
    await within(this.#calls.empty(), graceMs);
    const closed = this.#remote.close();
    this.#calls.cancelAll();
    await closed;
    await within(this.#output.flushed(), FLUSH_TIMEOUT_MS);
  }

  #route(message: Message): void {
    if (message.kind === 'response') return this.#asks.answer(message.id, message.body);
    if (message.kind === 'request') return this.#serve(message);
    const { method, params } = message;
    if (method === 'notifications/cancelled') return this.#calls.cancel(params?.requestId);
    this.#legacy.notify(message).catch((error: unknown) => {
      this.#log(`${method} did not reach the server: ${toRemoteError(error).message}`);
    });
  }

  #serve({ id, method, params }: Extract<Message, { kind: 'request' }>): void {
    const call = this.#calls.open(id);
    if (!call) return this.refuse(id, { code: ERROR.invalidRequest, message: 'A request with this id is still open' });
    const isModern = method === 'server/discover' || readModernIdentity(params) !== undefined;
    if (method === 'initialize') this.#modern.forget();
    const { signal } = call;
    const respond = (body: { result: unknown } | { error: unknown }): void => {
      if (!this.#calls.close(id)) return;
      this.#output.write({ jsonrpc: '2.0', id, ...soundBody(body) });
      if (this.#calls.isEmpty) this.#output.flush();
    };
    const request = { id, method, params, signal, respond };
    (isModern ? this.#modern : this.#legacy).serve(request).catch((error: unknown) => {
      this.#log(`unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      respond({ error: { code: ERROR.internal, message: 'mcp-connect failed; its log says more' } });
    });
  }
}

async function readUntilEnd({ input, signal }: BridgeOptions, bridge: Bridge): Promise<void> {
  const lines = new LineDecoder({
    lineBytesMax: LINE_BYTES_MAX,
    onLine: (text) => {
      if (text.trim() === '') return;
      const value = parse(text);
      if (value === undefined) return bridge.refuse(null, { code: ERROR.parse, message: 'The line is not JSON' });
      const isBatch = Array.isArray(value) && value.length > 0;
      for (const one of isBatch ? value : [value]) bridge.take(one);
    },
    onOversized: (outline) => bridge.refuseLine(parse(outline)),
  });
  const unread: Buffer[] = [];
  let isBlocked = false;
  const take = (): void => {
    // A client that does not read its answers gets no more of them.
    do {
      const chunk = unread.shift();
      if (chunk) lines.push(chunk);
      isBlocked = bridge.awaitReader(take);
    } while (!isBlocked && unread.length > 0);
    if (!isBlocked) input.resume();
  };
  await new Promise<void>((resolve) => {
    input.on('data', (chunk: Buffer) => {
      unread.push(chunk);
      // Some is read on all the same: the end of the input would not be seen otherwise.
      if (!isBlocked) take();
      else if (unread.length > UNREAD_CHUNKS_MAX) input.pause();
    });
    for (const event of ['end', 'close', 'error']) input.once(event, () => resolve());
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const chunk of unread) lines.push(chunk);
  lines.end();
}

function parse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

async function within(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
