import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { typeOf } from '../store/resource-type.ts';
import type { KubeletContext } from './container-worker.ts';
import type { Pod } from './pod.ts';
import { PodWorker } from './pod-worker.ts';
import { recordEvent } from './record-event.ts';

/** How long processes get to end when the sandbox itself ends: a person waits at Ctrl-C. */
const shutdownGraceMs = 3000;

export interface Kubelet {
  /** Ends every process; the pods stay in the store. */
  close(): Promise<void>;
}

/** Starts the pods that are in the store and those that come, and ends those that are deleted. */
export function startKubelet(context: KubeletContext, log: (line: string) => void): Kubelet {
  const workers = new Map<string, PodWorker>();
  const endings = new Set<Promise<void>>();
  let isClosed = false;
  mkdirSync(context.podsDir, { recursive: true, mode: 0o700 });

  function look(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    let worker = workers.get(uid);
    if (worker === undefined) {
      worker = new PodWorker(context, pod);
      workers.set(uid, worker);
      if (deletionTimestamp !== undefined) worker.forget();
      else if (isRunnable(context, pod)) worker.start();
      return;
    }
    if (deletionTimestamp !== undefined) end(worker);
  }

  function end(worker: PodWorker): void {
    const ending = worker
      .terminate()
      .catch((error: unknown) => log(`Cannot end pod ${worker.uid}: ${String(error)}`))
      .finally(() => endings.delete(ending));
    endings.add(ending);
  }

  // Listeners run within a write, and workers write themselves: look a tick later.
  const unsubscribe = context.store.subscribe(({ resource, object, type }) => {
    if (resource !== typeOf('Pod')) return;
    setImmediate(() => {
      if (isClosed) return;
      const worker = workers.get(object.metadata.uid);
      if (type !== 'DELETED') look(object as Pod);
      else if (worker !== undefined) {
        workers.delete(object.metadata.uid);
        end(worker);
      }
    });
  });

  forgetFilesOfGonePods(context);
  for (const pod of context.store.list(typeOf('Pod'))) look(pod as Pod);
  return {
    async close() {
      isClosed = true;
      unsubscribe();
      await Promise.all([...workers.values()].map((worker) => worker.shutDown(shutdownGraceMs)));
      await Promise.all(endings);
    },
  };
}

function isRunnable(context: KubeletContext, pod: Pod): boolean {
  if ((pod.spec.initContainers ?? []).length === 0) return true;
  const message = 'the sandbox runs no init containers';
  recordEvent(context.store, { about: pod, type: 'Warning', reason: 'Failed', message, now: context.now() });
  return false;
}

function forgetFilesOfGonePods(context: KubeletContext): void {
  const uids = new Set(context.store.list(typeOf('Pod')).map((pod) => pod.metadata.uid));
  for (const uid of readdirSync(context.podsDir)) {
    if (!uids.has(uid)) rmSync(join(context.podsDir, uid), { recursive: true, force: true });
  }
}
