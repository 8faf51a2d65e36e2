import { randomBytes } from 'node:crypto';
import type { Pod } from '../kubelet/pod.ts';
import { controllerReference } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import { matchesSelector } from '../store/selectors.ts';
import { type Deployment, templateHash, templateHashLabel } from './deployment.ts';
import { deploymentStatusOf, nextStatusChangeMs } from './deployment-status.ts';
import { planRollingUpdate } from './plan-rolling-update.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';

/** Most pods of one Deployment: each is a process of this machine. */
const replicasMax = 50;

/**
 * Keeps the pods of every Deployment as its spec says. Pods belong to their Deployment directly: the sandbox makes no
 * ReplicaSets, the label `pod-template-hash` tells versions apart.
 */
export function startDeploymentController(options: {
  store: ObjectStore;
  now: () => Date;
  log: (line: string) => void;
}): { close(): Promise<void> } {
  const { store, now, log } = options;
  const reconciler: Reconciler = createReconciler({ name: 'Deployment', log, reconcile: (key) => reconcile(key) });

  function reconcile(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const deployment = store.get(typeOf('Deployment'), namespace, name) as Deployment | undefined;
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    if (store.get(typeOf('Namespace'), undefined, namespace)?.metadata.deletionTimestamp !== undefined) return;
    const hash = templateHash(deployment);
    const plan = planRollingUpdate(boundedReplicas(deployment), podsOf(store, deployment), hash);
    for (const podName of plan.remove) store.remove(typeOf('Pod'), { namespace, name: podName });
    for (let count = 0; count < plan.create; count += 1) createPod(store, deployment, hash);
    writeStatus(deployment, hash);
  }

  function writeStatus(deployment: Deployment, hash: string): void {
    const { namespace, name } = deployment.metadata;
    const present = store.get(typeOf('Deployment'), namespace, name) as Deployment | undefined;
    if (present === undefined) return;
    const status = deploymentStatusOf(present, podsOf(store, present), hash, now());
    store.replace(typeOf('Deployment'), { ...present, status }, { part: 'status' });
    const waitMs = nextStatusChangeMs(present, status, now());
    if (waitMs !== undefined) reconciler.enqueueAfter(`${namespace}/${name}`, waitMs);
  }

  const unsubscribe = store.subscribe(({ resource, object }) => {
    if (resource === typeOf('Deployment')) reconciler.enqueue(`${object.metadata.namespace}/${object.metadata.name}`);
    if (resource !== typeOf('Pod')) return;
    const owner = object.metadata.ownerReferences?.find((reference) => reference.kind === 'Deployment');
    if (owner !== undefined) reconciler.enqueue(`${object.metadata.namespace}/${owner.name}`);
  });
  for (const { metadata } of store.list(typeOf('Deployment'))) {
    reconciler.enqueue(`${metadata.namespace}/${metadata.name}`);
  }
  return {
    async close() {
      unsubscribe();
      await reconciler.close();
    },
  };
}

function podsOf(store: ObjectStore, deployment: Deployment): Pod[] {
  const pods = store.list(typeOf('Pod'), deployment.metadata.namespace) as Pod[];
  return pods.filter(
    ({ metadata }) =>
      metadata.deletionTimestamp === undefined &&
      metadata.ownerReferences?.some((reference) => reference.uid === deployment.metadata.uid) === true,
  );
}

function createPod(store: ObjectStore, deployment: Deployment, hash: string): void {
  const { template, selector } = deployment.spec;
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
  if (!matchesSelector(selector, labels)) {
    throw new Error('`selector` does not match template `labels`');
  }
  store.create(typeOf('Pod'), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${deployment.metadata.name}-${hash}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      ...(deployment.metadata.namespace === undefined ? {} : { namespace: deployment.metadata.namespace }),
      labels,
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: { ...template.spec, nodeName: 'sandbox' },
  });
}

function boundedReplicas(deployment: Deployment): Deployment {
  const replicas = Math.min(deployment.spec.replicas ?? 1, replicasMax);
  return { ...deployment, spec: { ...deployment.spec, replicas } };
}
