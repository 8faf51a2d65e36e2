import {
  RESTART_DELAY_MAX_MS,
  RESTART_DELAY_MIN_MS,
  RESTART_RESET_MS,
  STRAY_OUTPUT_CHARACTERS_MAX,
} from '../limits.ts';
import type { Log } from '../measure/log.ts';
import {
  classifyMessage,
  ERROR,
  type Message,
  type Notification,
  type RequestId,
  type Response,
} from '../protocol/json-rpc.ts';
import { type ChildExit, StdioChild } from './child-process.ts';
import { ChildRequests } from './child-requests.ts';
import { initializeParams, parseInitializeResult, type ServerIdentity } from './handshake.ts';
import type { OversizedLine } from './line-decoder.ts';

export type ChildState =
  | { kind: 'starting' }
  | { kind: 'ready'; server: ServerIdentity }
  /** Dead, to be started again after a pause. `exit` is a sentence for people. */
  | { kind: 'restarting'; exit: string }
  | { kind: 'stopped' };

export interface SupervisorEvents {
  ready(server: ServerIdentity): void;
  /** The child has gone; what it was asked is lost. */
  lost(exit: string): void;
  /** The child went before it was ever ready: there is nothing to keep up yet. `exit` is a sentence for people. */
  neverReady(exit: string): void;
  response(id: RequestId | null, response: Response): void;
  oversizedResponse(id: number | undefined, bytes: number): void;
  notification(notification: Notification): void;
}

export interface SupervisorOptions {
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  lineBytesMax: number;
  startTimeoutMs: number;
  writeStderrLine: (text: string) => void;
  log: Log;
}

/** Keeps one stdio server running and initialised: handshake, health probe, restart with growing pauses, orderly stop. */
export class ChildSupervisor {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisorEvents;
  readonly #requests = new ChildRequests();
  readonly #readyWaiters = new Set<() => void>();
  #state: ChildState = { kind: 'starting' };
  #child: StdioChild | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #restartDelayMs = RESTART_DELAY_MIN_MS;
  #readyAtMs: number | undefined;
  #restarts = 0;
  #wasEverReady = false;
  #probe: Promise<boolean> | undefined;
  #heard: (() => void) | undefined;
  #answersPing = false;

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.#options = options;
    this.#events = events;
  }

  get state(): ChildState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    this.#state = { kind: 'starting' };
    const { command, cwd, env, lineBytesMax } = this.#options;
    const child = new StdioChild(
      { command, cwd, env, lineBytesMax },
      {
        line: (text) => this.#receive(text),
        oversized: (line) => this.#receiveOversized(line),
        stderrLine: this.#options.writeStderrLine,
        exit: (exit) => this.#onExit(exit),
      },
    );
    this.#child = child;
    void this.#initialize(child);
  }

  /** False when the child does not read and its input is full. */
  send(line: string): boolean {
    return this.#child?.writeLine(line) ?? true;
  }

  /** A request of the wrapper's own. Rejects when the child answers with an error or goes. */
  request(method: string, params?: object): Promise<unknown> {
    return this.#requests.send(method, params, (line) => this.send(line));
  }

  /** Waits for a child that is starting or restarting; undefined when it is not ready in time or is being stopped. */
  async whenReady(timeoutMs: number): Promise<ServerIdentity | undefined> {
    if (this.#state.kind === 'starting' || this.#state.kind === 'restarting') {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#readyWaiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        this.#readyWaiters.add(wake);
      });
    }
    return this.#state.kind === 'ready' ? this.#state.server : undefined;
  }

  /** Whether the child says anything within the time. Several callers at once share one probe. */
  probe(timeoutMs: number): Promise<boolean> {
    if (this.#state.kind !== 'ready') return Promise.resolve(false);
    this.#probe ??= this.#askForSignOfLife(this.#state.server, timeoutMs).finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  async stop(): Promise<void> {
    this.#state = { kind: 'stopped' };
    clearTimeout(this.#restartTimer);
    this.#wakeReadyWaiters();
    await this.#child?.stop();
  }

  /** The last resort, for a wrapper that is about to go itself. */
  kill(): void {
    this.#child?.kill();
  }

  async #initialize(child: StdioChild): Promise<void> {
    const { log, startTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      log.error('Child did not answer initialize in time', { timeoutMs: startTimeoutMs });
      child.kill();
    }, startTimeoutMs);
    try {
      const server = parseInitializeResult(await this.request('initialize', initializeParams()));
      if (this.#child !== child || this.#state.kind !== 'starting') return;
      child.writeLine('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      this.#state = { kind: 'ready', server };
      this.#readyAtMs = performance.now();
      this.#wasEverReady = true;
      log.info('Child ready', { protocolVersion: server.protocolVersion, restarts: this.#restarts });
      this.#events.ready(server);
      this.#wakeReadyWaiters();
    } catch (error) {
      if (this.#child !== child || this.#state.kind !== 'starting') return;
      log.error('Child refused initialize', { cause: error instanceof Error ? error.message : String(error) });
      child.kill();
    } finally {
      clearTimeout(timer);
    }
  }

  #onExit(exit: ChildExit): void {
    const { log } = this.#options;
    const sentence = describeExit(exit);
    this.#child = undefined;
    this.#requests.rejectAll(sentence);
    this.#heard = undefined;
    if (this.#state.kind === 'stopped') {
      log.info('Child stopped', { exit: sentence });
      this.#events.lost(sentence);
      return;
    }
    const livedMs = this.#readyAtMs === undefined ? 0 : performance.now() - this.#readyAtMs;
    this.#readyAtMs = undefined;
    this.#state = { kind: 'restarting', exit: sentence };
    this.#events.lost(sentence);
    if (!this.#wasEverReady) return this.#events.neverReady(sentence);
    if (livedMs > RESTART_RESET_MS) this.#restartDelayMs = RESTART_DELAY_MIN_MS;
    log.error('Child exited', { exit: sentence, restartInMs: this.#restartDelayMs });
    this.#restartTimer = setTimeout(() => this.start(), this.#restartDelayMs);
    this.#restartDelayMs = Math.min(this.#restartDelayMs * 2, RESTART_DELAY_MAX_MS);
    this.#restarts += 1;
  }

  #receive(text: string): void {
    this.#heard?.();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#reportStray(text);
    }
    // A server of 2025-03-26 may batch what it has to say.
    for (const one of Array.isArray(value) ? value : [value]) this.#act(classifyMessage(one), text);
  }

  #act(message: Message, text: string): void {
    switch (message.kind) {
      case 'response':
        if (!this.#requests.settle(message)) this.#events.response(message.id, message);
        return;
      case 'notification':
        return this.#events.notification(message);
      case 'request':
        this.send(answerChild(message.id, message.method));
        return;
      case 'invalid':
        return this.#reportStray(text);
    }
  }

  #receiveOversized(line: OversizedLine): void {
    this.#heard?.();
    const id = /^\{"jsonrpc":"2\.0","id":(\d+),/.exec(line.head) ?? /,"id":(\d+)\}$/.exec(line.tail);
    this.#options.log.error('Line of the child dropped: too long', { bytes: line.bytes });
    this.#events.oversizedResponse(id ? Number(id[1]) : undefined, line.bytes);
  }

  #reportStray(text: string): void {
    this.#options.log.warn('Child wrote something other than JSON-RPC to stdout', {
      text: text.slice(0, STRAY_OUTPUT_CHARACTERS_MAX),
    });
  }

  /**
   * Any line counts, so a child busy with other answers needs not get to the ping. Small hand-written servers leave out
   * `ping`; until one has answered it, a list they must have is asked for too.
   */
  async #askForSignOfLife(server: ServerIdentity, timeoutMs: number): Promise<boolean> {
    const heard = new Promise<true>((resolve) => {
      this.#heard = () => resolve(true);
    });
    const ignore = (): void => {};
    this.request('ping').then(() => {
      this.#answersPing = true;
    }, ignore);
    if (!this.#answersPing && server.listMethod) this.request(server.listMethod).catch(ignore);
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const isAlive = await Promise.race([heard, silent]);
    clearTimeout(timer);
    this.#heard = undefined;
    return isAlive && this.#state.kind === 'ready';
  }

  #wakeReadyWaiters(): void {
    for (const wake of [...this.#readyWaiters]) wake();
  }
}

/**
 * The wrapper is the child's client and promised no capabilities, so `ping` is the only request it owes an answer.
 * Everything else is refused at once: a child that asks anyway must not wait for ever.
 */
function answerChild(id: RequestId, method: string): string {
  const body =
    method === 'ping'
      ? { result: {} }
      : { error: { code: ERROR.methodNotFound, message: 'The client of this server does not support this method' } };
  return JSON.stringify({ jsonrpc: '2.0', id, ...body });
}

function describeExit(exit: ChildExit): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.code}`;
    case 'killed':
      return `was killed by ${exit.signal}`;
    case 'not-started':
      return `could not be started (${exit.code})`;
  }
}
