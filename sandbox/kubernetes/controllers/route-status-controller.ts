import { isInterceptor } from '../../gateway/interceptor-routes.ts';
import type { KubeObject } from '../store/kube-object.ts';
import { kubeTime } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import { createReconciler } from './reconciler.ts';

interface ParentReference {
  name: string;
  namespace?: string;
  [field: string]: unknown;
}

interface RouteSpec {
  parentRefs?: ParentReference[];
  rules?: { backendRefs?: { name: string; namespace?: string }[] }[];
}

/**
 * Writes the status that Argo CD judges routes by. The sandbox's gateway stands for whatever Gateway or ingress class a
 * route names, so every parent is accepted; a backend that does not exist is told. KEDA's interceptor needs no Service here, since the gateway does its work.
 */
export function startRouteStatusController(options: {
  store: ObjectStore;
  now: () => Date;
  log: (line: string) => void;
}): { close(): Promise<void> } {
  const { store, now, log } = options;
  const reconciler = createReconciler({
    name: 'Route',
    log,
    reconcile(key) {
      const [kind = '', namespace = '', name = ''] = key.split('/');
      const route = store.get(typeOf(kind), namespace, name);
      if (route === undefined || route.metadata.deletionTimestamp !== undefined) return;
      const status = kind === 'Ingress' ? ingressStatus() : httpRouteStatus(store, route, now());
      store.replace(typeOf(kind), { ...route, status }, { part: 'status' });
    },
  });
  const enqueueRoutes = (namespace: string | undefined) => {
    for (const route of store.list(typeOf('HTTPRoute'), namespace)) {
      reconciler.enqueue(`HTTPRoute/${namespace}/${route.metadata.name}`);
    }
  };
  const unsubscribe = store.subscribe(({ resource, object }) => {
    const { namespace, name } = object.metadata;
    if (resource.kind === 'Ingress' || resource.kind === 'HTTPRoute') {
      reconciler.enqueue(`${resource.kind}/${namespace}/${name}`);
    }
    if (resource.kind === 'Service') enqueueRoutes(namespace);
  });
  for (const kind of ['Ingress', 'HTTPRoute']) {
    for (const { metadata } of store.list(typeOf(kind))) {
      reconciler.enqueue(`${kind}/${metadata.namespace}/${metadata.name}`);
    }
  }
  return {
    async close() {
      unsubscribe();
      await reconciler.close();
    },
  };
}

function ingressStatus(): object {
  return { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } };
}

function httpRouteStatus(store: ObjectStore, route: KubeObject, now: Date): object {
  const { parentRefs = [], rules = [] } = (route.spec ?? {}) as RouteSpec;
  const missing = rules
    .flatMap((rule) => rule.backendRefs ?? [])
    .filter(({ name, namespace }) => !isInterceptor({ service: name, namespace: namespace ?? '' }))
    .find(({ name, namespace }) => !store.get(typeOf('Service'), namespace ?? route.metadata.namespace, name));
  const before = (
    route.status as { parents?: { conditions: { type: string; status: string; lastTransitionTime: string }[] }[] }
  )?.parents;
  const condition = (index: number, type: string, problem?: { reason: string; message: string }) => {
    const status = problem === undefined ? 'True' : 'False';
    const same = before?.[index]?.conditions.find((each) => each.type === type && each.status === status);
    return {
      type,
      status,
      reason: problem?.reason ?? type,
      message: problem?.message ?? '',
      observedGeneration: route.metadata.generation,
      lastTransitionTime: same?.lastTransitionTime ?? kubeTime(now),
    };
  };
  const problem = missing && { reason: 'BackendNotFound', message: `Service ${missing.name} not found` };
  return {
    parents: parentRefs.map((parentRef, index) => ({
      parentRef,
      controllerName: 'mcp-hosting/sandbox-gateway',
      conditions: [condition(index, 'Accepted'), condition(index, 'ResolvedRefs', problem)],
    })),
  };
}
