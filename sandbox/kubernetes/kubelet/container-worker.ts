import { setTimeout as delay } from 'node:timers/promises';
import { kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { ContainerLogs } from './container-log.ts';
import { type PreparedRun, prepareRun } from './container-run.ts';
import type { ContainerExit, ContainerRuntime, RunningContainer } from './container-runtime.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from './pod.ts';
import { superviseProbes } from './probe-worker.ts';
import { nextBackOffMs, type RestartTimes } from './restart-back-off.ts';
import type { SecretVolumes } from './secret-volumes.ts';

/** What the workers of all containers share. */
export interface KubeletContext {
  store: ObjectStore;
  runtime: ContainerRuntime;
  logs: ContainerLogs;
  podsDir: string;
  times: RestartTimes;
  now: () => Date;
}

export interface ContainerEvents {
  onStatus(status: ContainerStatus): void;
  onPort(port: number): void;
  onEvent(event: { type: 'Normal' | 'Warning'; reason: string; message: string }): void;
}

/** How often a container that waits for an image or a Secret is looked at again. */
const retryWaitingMs = 500;

/** Keeps one container of a pod running until it is told to stop. */
export class ContainerWorker {
  readonly #context: KubeletContext;
  readonly #pod: Pod;
  readonly #container: Container;
  readonly #events: ContainerEvents;
  readonly #volumes: SecretVolumes;
  readonly #stopping = new AbortController();
  #status: ContainerStatus;
  #running: RunningContainer | undefined;
  #finished: Promise<void> = Promise.resolve();
  #graceMs = 0;
  #backOffMs = 0;

  constructor(options: {
    context: KubeletContext;
    pod: Pod;
    container: Container;
    volumes: SecretVolumes;
    events: ContainerEvents;
  }) {
    this.#context = options.context;
    this.#pod = options.pod;
    this.#container = options.container;
    this.#events = options.events;
    this.#volumes = options.volumes;
    this.#status = initialStatus(options.pod, options.container);
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  start(): void {
    this.#finished = this.#run();
  }

  /** SIGTERM, then SIGKILL after `graceMs`. Settles when nothing of it is left. */
  async stop(graceMs: number): Promise<void> {
    this.#graceMs = graceMs;
    this.#stopping.abort();
    await this.#running?.stop(graceMs);
    await this.#finished;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const prepared = await this.#prepare();
      if (prepared === undefined) return;
      const startedAt = this.#context.now();
      const exit = await this.#runOnce(prepared);
      const finishedAt = this.#context.now();
      this.#setTerminated(exit, startedAt, finishedAt);
      if (signal.aborted) return;
      const ranMs = finishedAt.getTime() - startedAt.getTime();
      this.#backOffMs = nextBackOffMs({ previousMs: this.#backOffMs, ranMs, times: this.#context.times });
      await this.#waitToRestart();
    }
  }

  /** @returns undefined when the pod was stopped while it waited */
  async #prepare(): Promise<Extract<PreparedRun, { kind: 'ready' }> | undefined> {
    const { signal } = this.#stopping;
    let attempts = 0;
    while (!signal.aborted) {
      const prepared = await prepareRun({
        store: this.#context.store,
        runtime: this.#context.runtime,
        pod: this.#pod,
        container: this.#container,
        volumes: this.#volumes,
        podDir: `${this.#context.podsDir}/${this.#pod.metadata.uid}`,
        signal,
      });
      if (prepared.kind === 'ready') return prepared;
      attempts += 1;
      this.#setWaiting(prepared, attempts);
      await delay(retryWaitingMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  #setWaiting(prepared: Extract<PreparedRun, { kind: 'waiting' }>, attempts: number): void {
    const isPull = prepared.reason === 'ErrImagePull';
    const reason = isPull && attempts > 1 ? 'ImagePullBackOff' : prepared.reason;
    const message =
      reason === 'ImagePullBackOff'
        ? `Back-off pulling image "${this.#container.image}": ${prepared.message}`
        : prepared.message;
    const present = this.#status.state.waiting;
    if (present?.reason === reason && present.message === message) return;
    this.#update({ state: { waiting: { reason, message } }, ready: false, started: false });
    this.#events.onEvent({ type: 'Warning', reason: 'Failed', message: `Error: ${reason}: ${message}` });
  }

  async #runOnce(run: Extract<PreparedRun, { kind: 'ready' }>): Promise<ContainerExit> {
    const { logs } = this.#context;
    const uid = this.#pod.metadata.uid;
    logs.begin(uid, this.#container.name);
    const onLine = (line: string) => logs.append(uid, this.#container.name, line);
    let running: RunningContainer;
    try {
      running = await run.created.start(onLine);
    } catch (error) {
      onLine(`failed to start the container process: ${(error as Error).message}`);
      logs.end(uid, this.#container.name);
      // The exit code that container runtimes give a command that is not found.
      return { exitCode: 127, isOutOfMemory: false };
    }
    this.#running = running;
    this.#events.onPort(running.port);
    const startedAt = kubeTime(this.#context.now());
    this.#update({
      state: { running: { startedAt } },
      imageID: run.imageId,
      containerID: running.containerId,
    });
    this.#events.onEvent({ type: 'Normal', reason: 'Started', message: `Started container ${this.#container.name}` });
    const probing = new AbortController();
    if (this.#stopping.signal.aborted) void running.stop(this.#graceMs);
    const probed = this.#probe(running, AbortSignal.any([probing.signal, this.#stopping.signal]));
    const exit = await running.exited;
    probing.abort();
    await probed;
    this.#running = undefined;
    logs.end(uid, this.#container.name);
    return exit;
  }

  #probe(running: RunningContainer, signal: AbortSignal): Promise<void> {
    const events = this.#events;
    const graceMs = (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    return superviseProbes({
      container: this.#container,
      port: running.port,
      signal,
      events: {
        onStarted: () => this.#update({ started: true }),
        onReady: (ready) => this.#update({ ready }),
        onUnhealthy: (kind, message) =>
          events.onEvent({
            type: 'Warning',
            reason: 'Unhealthy',
            message: `${capital(kind)} probe failed: ${message}`,
          }),
        onDead: (kind) => {
          const message = `Container ${this.#container.name} failed ${kind} probe, will be restarted`;
          events.onEvent({ type: 'Normal', reason: 'Killing', message });
          void running.stop(graceMs);
        },
      },
    });
  }

  #setTerminated(exit: ContainerExit, startedAt: Date, finishedAt: Date): void {
    const terminated = {
      exitCode: exit.exitCode,
      reason: exit.isOutOfMemory ? 'OOMKilled' : exit.exitCode === 0 ? 'Completed' : 'Error',
      startedAt: kubeTime(startedAt),
      finishedAt: kubeTime(finishedAt),
    };
    this.#update({ state: { terminated }, ready: false, started: false });
  }

  async #waitToRestart(): Promise<void> {
    const { signal } = this.#stopping;
    const lastState: ContainerState = this.#status.state;
    const shown = `${this.#container.name} in pod ${this.#pod.metadata.name}`;
    const message = `back-off ${Math.round(this.#backOffMs / 1000)}s restarting failed container=${shown}`;
    this.#update({ state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState });
    this.#events.onEvent({
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${shown}`,
    });
    await delay(this.#backOffMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) this.#update({ restartCount: this.#status.restartCount + 1 });
  }

  #update(change: Partial<ContainerStatus>): void {
    const next = { ...this.#status, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#status)) return;
    this.#status = next;
    this.#events.onStatus(next);
  }
}

/** After a restart of the sandbox a container has lost its process, which counts as a restart, as after a reboot. */
function initialStatus(pod: Pod, container: Container): ContainerStatus {
  const before = pod.status?.containerStatuses.find((status) => status.name === container.name);
  const hasRun = before?.containerID !== undefined;
  return {
    name: container.name,
    image: container.image,
    imageID: '',
    ready: false,
    started: false,
    restartCount: before === undefined ? 0 : before.restartCount + (hasRun ? 1 : 0),
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: before?.lastState ?? {},
  };
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
