import { isPodReady, listeningPort, type Pod } from '../kubernetes/kubelet/pod.ts';
import type { KubeObject } from '../kubernetes/store/kube-object.ts';
import type { ObjectStore } from '../kubernetes/store/object-store.ts';
import { typeOf } from '../kubernetes/store/resource-type.ts';
import { matchesSelector } from '../kubernetes/store/selectors.ts';
import type { Route } from './route-table.ts';

interface ServiceSpec {
  selector?: Record<string, string>;
  ports?: { name?: string; port: number; targetPort?: number | string }[];
}

/** @returns the ports on 127.0.0.1 of the ready pods behind a route, in the order of their names */
export function backendsOf(store: ObjectStore, route: Route): number[] {
  const service = store.get(typeOf('Service'), route.namespace, route.service);
  if (service === undefined) return [];
  const target = targetPortOf(service, route.port);
  const { selector } = (service.spec ?? {}) as ServiceSpec;
  if (target === undefined || selector === undefined) return [];
  const pods = store.list(typeOf('Pod'), route.namespace, ({ metadata }) =>
    matchesSelector({ matchLabels: selector }, metadata.labels),
  ) as Pod[];
  return pods.filter(isPodReady).flatMap((pod) => listeningPort(pod, target) ?? []);
}

function targetPortOf(service: KubeObject, wanted: number | string): number | string | undefined {
  const { ports = [] } = (service.spec ?? {}) as ServiceSpec;
  const port = ports.find((each) => each.port === wanted || each.name === wanted);
  return port?.targetPort ?? port?.port;
}
