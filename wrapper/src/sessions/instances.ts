import { ChildPool } from '../child/child-pool.ts';
import { type ChildCommand, StdioChild } from '../child/child-process.ts';
import type { ClientIdentity } from '../child/server-identity.ts';
import type { Log } from '../measure/log.ts';
import type { ObservedRequest } from '../measure/metrics.ts';
import { SHARED_CAPABILITIES } from '../protocol/client-capability.ts';
import type { Era } from '../protocol/protocol-version.ts';
import { ServerInstance } from './server-instance.ts';
import type { Session } from './session.ts';

export interface InstancesOptions {
  command: ChildCommand;
  childEra: Era | 'auto';
  /** `shared`: one child for all; `isolated`: one for each session, and for each principal that comes without one. */
  sessions: 'shared' | 'isolated';
  poolSize: number;
  childrenMax: number;
  sessionIdleMs: number;
  startTimeoutMs: number;
  hungTimeoutMs: number;
  requestTimeoutMs: number;
  observe: (request: ObservedRequest) => void;
  writeStderrLine: (text: string) => void;
  log: Log;
  nowMs: () => number;
  onFailedToStart: (exit: string, times: number) => void;
}

/** For whom a child is. */
export interface Guest {
  principalId: string;
  /** Added to the child's environment, where it is this guest's own. */
  env: NodeJS.ProcessEnv;
}

interface Own {
  instance: ServerInstance;
  usedAtMs: number;
}

/** All children of the wrapper. */
export class Instances {
  /** Serves everybody when sessions are shared; else it tells whether the server works at all. */
  readonly primary: ServerInstance;
  readonly #options: InstancesOptions;
  readonly #pool: ChildPool | undefined;
  readonly #ofSessions = new Set<ServerInstance>();
  readonly #ofPrincipals = new Map<string, Own>();
  /** Found once: the command does not change. */
  #era: Era | undefined;

  constructor(options: InstancesOptions) {
    this.#options = options;
    const { command, poolSize, writeStderrLine, childEra } = options;
    this.#era = childEra === 'auto' ? undefined : childEra;
    if (options.sessions === 'isolated') {
      this.#pool = new ChildPool({ command, size: poolSize, writeStderrLine });
    }
    this.primary = this.#create({
      client: { capabilities: SHARED_CAPABILITIES, clientInfo: undefined },
      onFailedToStart: options.onFailedToStart,
    });
  }

  get isShared(): boolean {
    return this.#options.sessions === 'shared';
  }

  start(): void {
    this.primary.supervisor.start();
    this.#pool?.fill();
  }

  *all(): Iterable<ServerInstance> {
    yield this.primary;
    yield* this.#ofSessions;
    for (const { instance } of this.#ofPrincipals.values()) yield instance;
  }

  get callsInFlight(): number {
    if (this.isShared) return this.primary.relay.callsInFlight;
    let calls = 0;
    for (const { relay } of this.all()) calls += relay.callsInFlight;
    return calls;
  }

  /** The child of a new session; undefined when there are too many. */
  forSession(guest: Guest, client: ClientIdentity): ServerInstance | undefined {
    if (this.isShared) return this.primary;
    if (this.#isFull()) return undefined;
    const instance = this.#create({ client, env: guest.env, isOfOneSession: true });
    this.#ofSessions.add(instance);
    instance.supervisor.start();
    return instance;
  }

  /** The child of somebody who comes without a session; undefined when there are too many. */
  forPrincipal(guest: Guest): ServerInstance | undefined {
    if (this.isShared) return this.primary;
    const own = this.#ofPrincipals.get(guest.principalId);
    if (own) {
      own.usedAtMs = this.#options.nowMs();
      return own.instance;
    }
    if (this.#isFull()) return undefined;
    const instance = this.#create({
      client: { capabilities: SHARED_CAPABILITIES, clientInfo: undefined },
      env: guest.env,
    });
    this.#ofPrincipals.set(guest.principalId, { instance, usedAtMs: this.#options.nowMs() });
    instance.supervisor.start();
    return instance;
  }

  /** A child that is not ready in time, or may not be asked at all, has no session to serve. */
  async orDiscard<T>(instance: ServerInstance, reserve: () => T | Promise<T>): Promise<T> {
    try {
      return await reserve();
    } catch (error) {
      this.#discard(instance);
      throw error;
    }
  }

  /** After a session has ended. */
  release(session: Session): void {
    session.instance.forget(session);
    this.#discard(session.instance);
  }

  #discard(instance: ServerInstance): void {
    if (this.#ofSessions.delete(instance)) void instance.supervisor.stop();
  }

  /** Ends the children of principals that were not seen for long. */
  removeIdle(): void {
    const oldest = this.#options.nowMs() - this.#options.sessionIdleMs;
    for (const [principalId, { instance, usedAtMs }] of this.#ofPrincipals) {
      if (usedAtMs > oldest || instance.isInUse) continue;
      this.#ofPrincipals.delete(principalId);
      void instance.supervisor.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#pool?.close(), ...[...this.all()].map(({ supervisor }) => supervisor.stop())]);
  }

  kill(): void {
    this.#pool?.kill();
    for (const { supervisor } of this.all()) supervisor.kill();
  }

  #isFull(): boolean {
    return this.#ofSessions.size + this.#ofPrincipals.size >= this.#options.childrenMax;
  }

  #create(own: {
    client: ClientIdentity;
    env?: NodeJS.ProcessEnv;
    isOfOneSession?: boolean;
    onFailedToStart?: (exit: string, times: number) => void;
  }): ServerInstance {
    const { command } = this.#options;
    const hasEnv = own.env !== undefined && Object.keys(own.env).length > 0;
    const instance: ServerInstance = new ServerInstance({
      ...this.#options,
      lineBytesMax: command.lineBytesMax,
      client: own.client,
      isOfOneSession: own.isOfOneSession === true,
      knownEra: () => this.#era,
      onEra: (era) => {
        this.#era ??= era;
      },
      // What was started ahead of need does not know whose it will be.
      takeChild: (sink) =>
        this.#pool && !hasEnv
          ? this.#pool.take(sink)
          : new StdioChild({ ...command, env: { ...command.env, ...own.env } }, sink),
      onFailedToStart: own.onFailedToStart ?? (() => {}),
    });
    return instance;
  }
}
