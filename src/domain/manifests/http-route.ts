import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { OverlayInput, RouteSettings } from '../overlay-input.ts';
import { SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';

/**
 * The route of an installation with a Gateway, whose wildcard certificate covers the host. Fields that the API server
 * would fill in are written out: inside lists, Argo CD takes them for a difference and never gets to Synced.
 */
export function httpRouteManifest(input: OverlayInput, route: Extract<RouteSettings, { kind: 'gateway' }>): HTTPRoute {
  const name = serverObjectName(input.serverId);
  return new HTTPRoute({
    metadata: { name, namespace: input.namespace, labels: selectorLabels(input.serverId) },
    spec: {
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          name: route.gatewayName,
          namespace: route.gatewayNamespace,
        },
      ],
      hostnames: [input.host],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          // A stream of server events stays open as long as its client does.
          timeouts: { request: '0s' },
          backendRefs: [{ group: '', kind: 'Service', name, port: SERVICE_PORT, weight: 1 }],
        },
      ],
    },
  });
}
