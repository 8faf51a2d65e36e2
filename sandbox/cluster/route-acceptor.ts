import { setTimeout as delay } from 'node:timers/promises';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { applyObjects } from './apply-objects.ts';
import { absentAsUndefined, type Cluster } from './connect-cluster.ts';

interface HttpRoute {
  metadata: { name: string; generation?: number };
  spec?: { parentRefs?: { name: string; namespace?: string }[] };
  status?: { parents?: { conditions?: { observedGeneration?: number }[] }[] };
}

const GATEWAY_CLASS = 'mcp-hosting-sandbox';
const CONTROLLER = 'mcp-hosting.dev/sandbox-gateway';
const GATEWAY_API = { group: 'gateway.networking.k8s.io', version: 'v1' };
const LOOK_MS = 1_000;

export interface RouteAcceptor {
  close(): Promise<void>;
}

/**
 * Makes the Gateway that overlays name, of a class of the sandbox's own, and accepts their routes: Argo CD holds an
 * HTTPRoute that no controller accepted for unfinished. Where the cluster has that Gateway already, its own controller does.
 */
export async function startRouteAcceptor(
  cluster: Cluster,
  options: { namespace: string; gateway: { name: string; namespace: string }; log: (line: string) => void },
): Promise<RouteAcceptor> {
  const { gateway, namespace, log } = options;
  const known = await absentAsUndefined(
    cluster.custom.getNamespacedCustomObject({ ...GATEWAY_API, ...gateway, plural: 'gateways' }),
  );
  const className = (known as { spec?: { gatewayClassName?: string } } | undefined)?.spec?.gatewayClassName;
  if (className !== undefined && className !== GATEWAY_CLASS) return { close: async () => undefined };
  await applyObjects(cluster, gatewayObjects(gateway));
  const stopped = new AbortController();
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await acceptRoutes(cluster, namespace).catch((error: unknown) => log(`Routes could not be accepted: ${error}`));
      await delay(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    async close() {
      stopped.abort();
      await looking;
    },
  };
}

function gatewayObjects({ name, namespace }: { name: string; namespace: string }): object[] {
  const apiVersion = `${GATEWAY_API.group}/${GATEWAY_API.version}`;
  const listener = { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion, kind: 'GatewayClass', metadata: { name: GATEWAY_CLASS }, spec: { controllerName: CONTROLLER } },
    {
      apiVersion,
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: { gatewayClassName: GATEWAY_CLASS, listeners: [listener] },
    },
  ];
}

async function acceptRoutes({ custom }: Cluster, namespace: string): Promise<void> {
  const routes = { ...GATEWAY_API, namespace, plural: 'httproutes' };
  const { items } = (await custom.listNamespacedCustomObject(routes)) as { items: HttpRoute[] };
  for (const route of items.filter((each) => !isAccepted(each))) {
    await absentAsUndefined(
      custom.patchNamespacedCustomObjectStatus(
        { ...routes, name: route.metadata.name, body: { status: acceptedStatus(route, new Date()) } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      ),
    );
  }
}

function isAccepted({ metadata, status }: HttpRoute): boolean {
  return status?.parents?.[0]?.conditions?.[0]?.observedGeneration === metadata.generation;
}

function acceptedStatus({ metadata, spec }: HttpRoute, now: Date): object {
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration: metadata.generation,
    lastTransitionTime: now.toISOString().replace(/\.\d+Z$/, 'Z'),
  }));
  const parents = (spec?.parentRefs ?? []).map((parentRef) => ({ parentRef, controllerName: CONTROLLER, conditions }));
  return { parents };
}
