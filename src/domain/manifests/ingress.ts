import { Ingress } from 'kubernetes-models/networking.k8s.io/v1';
import type { OverlayInput, RouteSettings } from '../overlay-input.ts';
import { SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';

/**
 * The route of an installation with an ingress controller. The class is a field and not the annotation of old
 * (deprecated since Kubernetes 1.18); cert-manager makes the certificate.
 */
export function ingressManifest(input: OverlayInput, route: Extract<RouteSettings, { kind: 'ingress' }>): Ingress {
  const name = serverObjectName(input.serverId);
  return new Ingress({
    metadata: {
      name,
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
      annotations: {
        'cert-manager.io/cluster-issuer': route.clusterIssuer,
        ...rateLimitAnnotations(input),
      },
    },
    spec: {
      ingressClassName: route.className,
      tls: [{ hosts: [input.host], secretName: `${name}-tls` }],
      rules: [
        {
          host: input.host,
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: SERVICE_PORT } } } }],
          },
        },
      ],
    },
  });
}

/** ingress-nginx counts per client address, before the wrapper, which counts them all; other controllers ignore it. */
function rateLimitAnnotations(input: OverlayInput): Record<string, string> {
  const { rateLimit } = input.config;
  return rateLimit ? { 'nginx.ingress.kubernetes.io/limit-rpm': String(rateLimit.requestsPerMinute) } : {};
}
