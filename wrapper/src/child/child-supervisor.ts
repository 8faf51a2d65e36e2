import { LAST_STDERR_LINES, SILENCE_CHECK_MS } from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { type RequestId, type ResponseBody, stringifySafely } from '../protocol/json-rpc.ts';
import type { Era } from '../protocol/protocol-version.ts';
import { ChildOutput, type ChildOutputEvents } from './child-output.ts';
import type { ChildExit, ChildSink, StdioChild } from './child-process.ts';
import { ChildRequests } from './child-requests.ts';
import { describeExit } from './describe-exit.ts';
import { meetServer } from './meet-server.ts';
import { RestartPauses } from './restart-pauses.ts';
import type { ClientIdentity, ServerIdentity } from './server-identity.ts';
import { SignOfLife } from './sign-of-life.ts';

export type ChildState =
  | { kind: 'starting' }
  | { kind: 'ready'; server: ServerIdentity }
  /** Dead, to be started again after a pause. `exit` is a sentence for people. */
  | { kind: 'restarting'; exit: string }
  | { kind: 'stopped' };

export interface SupervisorEvents extends ChildOutputEvents {
  ready(server: ServerIdentity): void;
  /** The child has gone; what it was asked is lost. */
  lost(exit: string): void;
  /** The child went before it was ready, for the nth time in a row. `exit` is a sentence for people. */
  failedToStart(exit: string, times: number): void;
}

export interface SupervisorOptions {
  /** A child that nobody else has, started a moment ago or ahead of need. */
  takeChild: (sink: ChildSink) => StdioChild;
  /** undefined: to be asked. */
  knownEra: () => Era | undefined;
  onEra: (era: Era) => void;
  /** Whom a legacy child is told to have as its client. */
  client: ClientIdentity;
  startTimeoutMs: number;
  /** A child that is silent for this long after it was asked for a sign of life counts as dead. */
  hungTimeoutMs: number;
  writeStderrLine: (text: string) => void;
  log: Log;
}

/** Keeps one stdio server running and introduced: handshake, sign of life, restart with growing pauses, orderly stop. */
export class ChildSupervisor {
  readonly #options: SupervisorOptions;
  readonly #events: SupervisorEvents;
  readonly #requests = new ChildRequests();
  readonly #signOfLife: SignOfLife;
  readonly #output: ChildOutput;
  readonly #pauses = new RestartPauses(() => performance.now());
  readonly #readyWaiters = new Set<() => void>();
  #state: ChildState = { kind: 'starting' };
  #child: StdioChild | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failedStarts = 0;
  #lastStderr: string[] = [];
  /** Whether the child that starts was asked for its era, or the one before it ended by that. */
  #asked: 'no' | 'yes' | 'in-vain' = 'no';

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.#options = options;
    this.#events = events;
    this.#signOfLife = new SignOfLife({
      request: (method, params) => this.request(method, params),
      client: options.client,
    });
    this.#output = new ChildOutput(this.#withoutOwn(events), options.log);
  }

  get state(): ChildState {
    return this.#state;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Starts in a row that ended before the child was ready. */
  get failedStarts(): number {
    return this.#failedStarts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#state = { kind: 'starting' };
    this.#lastStderr = [];
    const child = this.#options.takeChild({
      line: (text) => {
        this.#signOfLife.hear();
        this.#output.receive(text);
      },
      oversized: (line) => {
        this.#signOfLife.hear();
        this.#output.receiveOversized(line);
      },
      stderrLine: (text) => this.#receiveStderr(text),
      hungUp: (closed) => this.#onHungUp(child, closed),
      exit: (exit) => this.#onExit(exit),
    });
    this.#child = child;
    void this.#introduce(child);
  }

  /** False when the child does not read and its input is full. */
  send(line: string): boolean {
    return this.#child?.writeLine(line) ?? true;
  }

  /** Answers a request of the child. */
  respond(id: RequestId, body: ResponseBody): void {
    const line = stringifySafely({ jsonrpc: '2.0', id, ...body });
    if (line !== undefined) this.send(line);
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

  /** Whether the child is ready and says anything within the time when it is asked to. */
  probe(timeoutMs: number): Promise<boolean> {
    if (this.#state.kind !== 'ready') return Promise.resolve(false);
    return this.#signOfLife
      .probe(this.#state.server, timeoutMs)
      .then((isAlive) => isAlive && this.#state.kind === 'ready');
  }

  async stop(): Promise<void> {
    this.#state = { kind: 'stopped' };
    clearTimeout(this.#restartTimer);
    this.#signOfLife.stop();
    this.#wakeReadyWaiters();
    await this.#child?.stop();
  }

  /** The last resort, for a wrapper that is about to go itself. */
  kill(): void {
    this.#child?.kill();
  }

  /** What the wrapper itself asked for, and what it answers by itself, is nobody else's. */
  #withoutOwn(events: SupervisorEvents): ChildOutputEvents {
    return {
      response: (response) => {
        if (!this.#requests.settle(response)) events.response(response);
      },
      request: (request) => {
        if (request.method === 'ping') this.respond(request.id, { result: {} });
        else events.request(request);
      },
      notification: (notification) => events.notification(notification),
      oversizedResponse: (id, bytes) => events.oversizedResponse(id, bytes),
    };
  }

  async #introduce(child: StdioChild): Promise<void> {
    const { client, knownEra, log, startTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      log.error('Child was not ready in time', { timeoutMs: startTimeoutMs });
      child.kill();
    }, startTimeoutMs);
    try {
      const server = await meetServer({
        request: (method, params) => this.request(method, params),
        client,
        era: knownEra(),
        mayAskEra: this.#asked !== 'in-vain',
        onAskingEra: () => {
          this.#asked = 'yes';
        },
        isWanted: () => this.#state.kind === 'starting',
      });
      if (this.#child !== child || this.#state.kind !== 'starting') return;
      if (server.era === 'legacy') child.writeLine('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      this.#becomeReady(server);
    } catch (error) {
      if (this.#child !== child || this.#state.kind !== 'starting') return;
      log.error('Child refused to start', { cause: error instanceof Error ? error.message : String(error) });
      child.kill();
    } finally {
      clearTimeout(timer);
    }
  }

  #becomeReady(server: ServerIdentity): void {
    this.#state = { kind: 'ready', server };
    this.#pauses.childReady();
    this.#failedStarts = 0;
    this.#asked = 'no';
    this.#options.onEra(server.era);
    this.#signOfLife.watch(Math.min(SILENCE_CHECK_MS, this.#options.hungTimeoutMs), () => void this.#killIfHung());
    const { era, protocolVersion } = server;
    this.#options.log.info('Child ready', { era, protocolVersion, restarts: this.#restarts });
    this.#events.ready(server);
    this.#wakeReadyWaiters();
  }

  /** Which restarts it. */
  async #killIfHung(): Promise<void> {
    const child = this.#child;
    const { hungTimeoutMs, log } = this.#options;
    const isAlive = await this.probe(hungTimeoutMs);
    if (isAlive || this.#child !== child || this.#state.kind !== 'ready') return;
    log.error('Child hangs', { timeoutMs: hungTimeoutMs });
    child?.kill();
  }

  /** Which restarts it: no answer will come of it. */
  #onHungUp(child: StdioChild, closed: 'stdin' | 'stdout'): void {
    this.#options.log.error('Child cannot be heard or told anything any more', { closed });
    child.kill();
  }

  #onExit(exit: ChildExit): void {
    const { log } = this.#options;
    const sentence = describeExit(exit);
    this.#child = undefined;
    this.#requests.rejectAll(sentence);
    this.#signOfLife.stop();
    if (this.#state.kind === 'stopped') {
      log.info('Child stopped', { exit: sentence });
      this.#events.lost(sentence);
      return;
    }
    if (this.#asked === 'yes' && exit.kind !== 'not-started') return this.#startWithoutAsking(sentence);
    this.#asked = 'no';
    const { restartInMs, wasReady } = this.#pauses.childExited();
    this.#state = { kind: 'restarting', exit: sentence };
    const stderr = wasReady ? undefined : this.#lastStderr;
    log.error('Child exited', {
      exit: sentence,
      restartInMs,
      ...(stderr && { stderr: stderr.join('\n') }),
    });
    this.#restartTimer = setTimeout(() => this.start(), restartInMs);
    this.#restarts += 1;
    this.#events.lost(sentence);
    if (wasReady) return;
    this.#failedStarts += 1;
    this.#events.failedToStart(sentence, this.#failedStarts);
  }

  /** Some servers end on any request before `initialize`: that is no failed start. */
  #startWithoutAsking(exit: string): void {
    this.#asked = 'in-vain';
    this.#options.log.info('Child ended before it told its era; it is started again as a legacy one', { exit });
    this.start();
  }

  #receiveStderr(text: string): void {
    if (this.#state.kind === 'starting') {
      this.#lastStderr.push(text);
      if (this.#lastStderr.length > LAST_STDERR_LINES) this.#lastStderr.shift();
    }
    this.#options.writeStderrLine(text);
  }

  #wakeReadyWaiters(): void {
    for (const wake of [...this.#readyWaiters]) wake();
  }
}
