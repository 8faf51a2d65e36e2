import type { V1Pod, V1Service } from '@kubernetes/client-node';
import type { Routing } from '../gateway/gateway.ts';
import { type Route, routesOf } from '../gateway/route-table.ts';
import type { KubeObject } from '../kubernetes/store/kube-object.ts';
import { matchesSelector } from '../kubernetes/store/selectors.ts';
import type { Cluster } from './connect-cluster.ts';
import { createPodForwarders } from './pod-forwarders.ts';

/** Routes are asked for anew after this long: a server that was just made must be reached when it is verified. */
const KEPT_MS = 500;

/**
 * Leads to the pods of a real cluster by port-forwards of its API server, so that none of its addresses has to be reachable
 * from here. What the cluster's own gateway would do with filters and weights is not done.
 */
export function createClusterRouting(cluster: Cluster, namespace: string): Routing & { close(): Promise<void> } {
  const forwarders = createPodForwarders(cluster.config);
  let kept: { at: number; routes: Promise<Route[]> } | undefined;
  return {
    routes() {
      const now = performance.now();
      if (kept === undefined || now - kept.at > KEPT_MS) kept = { at: now, routes: readRoutes(cluster, namespace) };
      return kept.routes;
    },
    async portsOf(route) {
      const targets = await podsBehind(cluster, route);
      return Promise.all(targets.map((target) => forwarders.portOf(target)));
    },
    close: forwarders.close,
  };
}

async function readRoutes({ custom }: Cluster, namespace: string): Promise<Route[]> {
  const routes = { group: 'gateway.networking.k8s.io', version: 'v1', namespace, plural: 'httproutes' };
  const { items } = (await custom.listNamespacedCustomObject(routes)) as { items: KubeObject[] };
  // Items of a list say no kind.
  return routesOf(items.map((item) => ({ ...item, kind: 'HTTPRoute' })));
}

async function podsBehind({ core }: Cluster, { namespace, service, port }: Route) {
  const found = await core.readNamespacedService({ name: service, namespace });
  const target = targetPortOf(found, port);
  const { selector } = found.spec ?? {};
  if (target === undefined || selector === undefined) return [];
  const { items } = await core.listNamespacedPod({ namespace });
  return items
    .filter((pod) => isReady(pod) && matchesSelector({ matchLabels: selector }, pod.metadata?.labels))
    .flatMap((pod) => {
      const number = containerPort(pod, target);
      return number === undefined ? [] : [{ namespace, pod: pod.metadata?.name ?? '', port: number }];
    });
}

function targetPortOf(service: V1Service, wanted: number | string): number | string | undefined {
  const port = service.spec?.ports?.find((each) => each.port === wanted || each.name === wanted);
  return port?.targetPort ?? port?.port;
}

function containerPort(pod: V1Pod, target: number | string): number | undefined {
  if (typeof target === 'number') return target;
  const ports = pod.spec?.containers.flatMap((container) => container.ports ?? []);
  return ports?.find(({ name }) => name === target)?.containerPort;
}

function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false;
}
