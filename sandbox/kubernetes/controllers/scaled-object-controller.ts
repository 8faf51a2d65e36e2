import { PAUSED_REPLICAS_ANNOTATION } from '../../../src/domain/manifests/keda.ts';
import { isSameJson } from '../store/is-same-json.ts';
import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import type { Deployment } from './deployment.ts';
import { createReconciler } from './reconciler.ts';

/**
 * Does of KEDA what a stop needs: a ScaledObject with the pause annotation holds its Deployment at that count, one
 * without it lets a Deployment at zero run again. Requests are not counted: an idle server keeps its pod.
 */
export function startScaledObjectController(options: { store: ObjectStore; log: (line: string) => void }): {
  close(): Promise<void>;
} {
  const { store, log } = options;
  const reconciler = createReconciler({
    name: 'ScaledObject',
    log,
    reconcile(key) {
      const [namespace = '', name = ''] = key.split('/');
      const scaled = store.get(typeOf('ScaledObject'), namespace, name);
      const deployment = scaled && (store.get(typeOf('Deployment'), namespace, targetOf(scaled)) as Deployment);
      if (!scaled || !deployment) return;
      const present = deployment.spec.replicas ?? 1;
      const held = scaled.metadata.annotations?.[PAUSED_REPLICAS_ANNOTATION];
      const status = { conditions: conditionsOf(held !== undefined) };
      if (!isSameJson(scaled.status, status)) {
        store.replace(typeOf('ScaledObject'), { ...scaled, status }, { part: 'status' });
      }
      const replicas = held === undefined ? Math.max(present, 1) : Number(held);
      if (replicas === present || !Number.isInteger(replicas)) return;
      store.replace(typeOf('Deployment'), { ...deployment, spec: { ...deployment.spec, replicas } });
    },
  });
  const enqueue = ({ metadata }: KubeObject) => reconciler.enqueue(`${metadata.namespace}/${metadata.name}`);
  const unsubscribe = store.subscribe(({ resource, object }) => {
    if (resource === typeOf('ScaledObject')) enqueue(object);
    if (resource !== typeOf('Deployment')) return;
    for (const scaled of store.list(typeOf('ScaledObject'), object.metadata.namespace)) {
      if (targetOf(scaled) === object.metadata.name) enqueue(scaled);
    }
  });
  for (const scaled of store.list(typeOf('ScaledObject'))) enqueue(scaled);
  return {
    async close() {
      unsubscribe();
      await reconciler.close();
    },
  };
}

/** The two of KEDA's conditions that Argo CD judges a ScaledObject by. */
function conditionsOf(isPaused: boolean): object[] {
  return [
    { type: 'Ready', status: 'True', message: 'ScaledObject is defined correctly and is ready for scaling' },
    { type: 'Paused', status: isPaused ? 'True' : 'False', message: isPaused ? 'ScaledObject is paused' : '' },
  ];
}

function targetOf(scaled: KubeObject): string {
  return (scaled.spec as { scaleTargetRef?: { name?: string } } | undefined)?.scaleTargetRef?.name ?? '';
}
