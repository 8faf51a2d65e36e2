import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { OverlayInput, RouteSettings } from '../overlay-input.ts';
import { planScaling } from '../plan-scaling.ts';
import { INTERCEPTOR } from './keda.ts';
import { domainsOf, hostsOf, SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/**
 * The route of an installation with a Gateway, whose wildcard certificate covers the host. Fields that the API server
 * would fill in are written out: inside lists, Argo CD takes them for a difference and never gets to Synced.
 */
export function httpRouteManifest(input: OverlayInput, route: Extract<RouteSettings, { kind: 'gateway' }>): HTTPRoute {
  const name = serverObjectName(input.serverId);
  const { gatewayName, gatewayNamespace } = route;
  return new HTTPRoute({
    metadata: { name, namespace: input.namespace, labels: selectorLabels(input.serverId) },
    spec: {
      parentRefs: [
        { group: GATEWAY_GROUP, kind: 'Gateway', name: gatewayName, namespace: gatewayNamespace },
        ...(domainsOf(input).length > 0
          ? [{ group: GATEWAY_GROUP, kind: 'ListenerSet', name, namespace: input.namespace }]
          : []),
      ],
      hostnames: hostsOf(input),
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          // A stream of server events stays open as long as its client does.
          timeouts: { request: '0s' },
          backendRefs: [{ group: '', kind: 'Service', ...backendOf(input), weight: 1 }],
        },
      ],
    },
  });
}

/** A server that may be at zero is reached through KEDA's interceptor, which a ReferenceGrant in its namespace allows. */
function backendOf(input: OverlayInput): { name: string; namespace?: string; port: number } {
  return planScaling(input).kind === 'to-zero'
    ? { ...INTERCEPTOR }
    : { name: serverObjectName(input.serverId), port: SERVICE_PORT };
}
