import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../store/kube-object.ts';
import { typeOf } from '../store/resource-type.ts';
import { ContainerWorker, type KubeletContext } from './container-worker.ts';
import { type Pod, portsAnnotation } from './pod.ts';
import { podStatusOf } from './pod-status.ts';
import { runPreStop } from './pre-stop.ts';
import { recordEvent } from './record-event.ts';
import { SecretVolumes } from './secret-volumes.ts';

/** Runs the containers of one pod and tells the store how they are. */
export class PodWorker {
  readonly #context: KubeletContext;
  readonly #pod: Pod;
  readonly #workers: ContainerWorker[];
  readonly #volumes: SecretVolumes;
  readonly #ports: Record<string, number> = {};
  #ended: Promise<void> | undefined;

  constructor(context: KubeletContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#volumes = new SecretVolumes({ store: context.store, pod, podDir: join(context.podsDir, pod.metadata.uid) });
    this.#workers = pod.spec.containers.map(
      (container) =>
        new ContainerWorker({
          context,
          pod,
          container,
          volumes: this.#volumes,
          events: {
            onStatus: () => this.#writeStatus(),
            onPort: (port) => this.#writePort(container.name, port),
            onEvent: (event) => recordEvent(context.store, { about: pod, ...event, now: context.now() }),
          },
        }),
    );
  }

  get uid(): string {
    return this.#pod.metadata.uid;
  }

  start(): void {
    this.#writeStatus();
    this.#volumes.start();
    for (const worker of this.#workers) worker.start();
  }

  /** Ends the pod as its deletion asks for: preStop, SIGTERM, SIGKILL; then takes it out of the store. */
  terminate(): Promise<void> {
    this.#ended ??= this.#terminate();
    return this.#ended;
  }

  /** Ends the processes but leaves the pod in the store, to be started again. */
  async shutDown(graceMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(graceMs)));
    this.#volumes.stop();
  }

  async #terminate(): Promise<void> {
    const present = this.#read();
    const graceSeconds =
      present?.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const deadline = this.#context.now().getTime() + graceSeconds * 1000;
    await Promise.all(
      this.#workers.map(async (worker, index) => {
        const container = this.#pod.spec.containers[index];
        const port = container === undefined ? undefined : this.#ports[container.name];
        const preStop = container?.lifecycle?.preStop;
        if (preStop !== undefined && worker.status.state.running !== undefined) {
          await runPreStop(preStop, { port, timeoutMs: Math.max(0, deadline - this.#context.now().getTime()) });
        }
        await worker.stop(Math.max(0, deadline - this.#context.now().getTime()));
      }),
    );
    this.forget();
  }

  /** Removes the pod from the store, and its files. */
  forget(): void {
    this.#volumes.stop();
    const { namespace, name, uid } = this.#pod.metadata;
    if (this.#read() !== undefined) {
      this.#context.store.remove(typeOf('Pod'), { namespace, name }, { graceSeconds: 0 });
    }
    this.#context.logs.remove(uid);
    rmSync(join(this.#context.podsDir, uid), { recursive: true, force: true });
  }

  #read(): KubeObject | undefined {
    const { namespace, name, uid } = this.#pod.metadata;
    const present = this.#context.store.get(typeOf('Pod'), namespace, name);
    return present?.metadata.uid === uid ? present : undefined;
  }

  #writeStatus(): void {
    if (this.#read() === undefined) return;
    const containers = this.#workers.map((worker) => worker.status);
    this.#context.store.update(
      typeOf('Pod'),
      { namespace: this.#pod.metadata.namespace, name: this.#pod.metadata.name },
      (present) => ({ ...present, status: podStatusOf(present as Pod, containers, this.#context.now()) }),
      'status',
    );
  }

  #writePort(container: string, port: number): void {
    this.#ports[container] = port;
    if (this.#read() === undefined) return;
    const annotation = { [portsAnnotation]: JSON.stringify(this.#ports) };
    this.#context.store.update(
      typeOf('Pod'),
      { namespace: this.#pod.metadata.namespace, name: this.#pod.metadata.name },
      (present) => ({
        ...present,
        metadata: { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotation } },
      }),
    );
  }
}
