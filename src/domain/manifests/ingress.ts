import { Ingress } from 'kubernetes-models/networking.k8s.io/v1';
import type { OverlayInput, RouteSettings } from '../overlay-input.ts';
import { planScaling } from '../plan-scaling.ts';
import { sessionAffinity } from '../session-affinity.ts';
import { domainsSecretName } from './certificate.ts';
import { INTERCEPTOR } from './keda.ts';
import { domainsOf, hostsOf, SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';
import { wakeServiceName } from './wake-service.ts';

/**
 * The route of an installation with an ingress controller. The class is a field and not the annotation of old
 * (deprecated since Kubernetes 1.18); cert-manager makes the certificate, unless a wildcard covers the host.
 */
export function ingressManifest(input: OverlayInput, route: Extract<RouteSettings, { kind: 'ingress' }>): Ingress {
  const annotations = {
    // cert-manager would make a certificate for each entry of `tls`, the wildcard's too: there, none is asked for here.
    ...(input.policy?.route?.wildcardSecret ? {} : { 'cert-manager.io/cluster-issuer': route.clusterIssuer }),
    ...nginxAnnotations(input),
  };
  return new Ingress({
    metadata: {
      name: serverObjectName(input.serverId),
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      ingressClassName: route.className,
      tls: tlsOf(input),
      rules: hostsOf(input).map((host) => ({
        host,
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: backendOf(input) } }] },
      })),
    },
  });
}

function tlsOf(input: OverlayInput): { hosts: string[]; secretName: string }[] {
  const domains = domainsOf(input);
  const secretName = input.policy?.route?.wildcardSecret ?? `${serverObjectName(input.serverId)}-tls`;
  return [
    { hosts: [input.host], secretName },
    ...(domains.length > 0 ? [{ hosts: domains, secretName: domainsSecretName(input.serverId) }] : []),
  ];
}

function backendOf({ serverId, ...rest }: OverlayInput): { name: string; port: { number: number } } {
  return planScaling(rest).kind === 'to-zero'
    ? { name: wakeServiceName(serverId), port: { number: INTERCEPTOR.port } }
    : { name: serverObjectName(serverId), port: { number: SERVICE_PORT } };
}

/**
 * ingress-nginx counts per client address, before the wrapper, which counts them all; other controllers ignore it. The
 * hash sends requests with one value to one pod, and moves few of them when pods come and go.
 */
function nginxAnnotations(input: OverlayInput): Record<string, string> {
  const { rateLimit } = input.config;
  const affinity = sessionAffinity(input);
  return {
    ...(rateLimit ? { 'nginx.ingress.kubernetes.io/limit-rpm': String(rateLimit.requestsPerMinute) } : {}),
    ...(affinity
      ? {
          'nginx.ingress.kubernetes.io/upstream-hash-by':
            affinity.by === 'authorization' ? '$http_authorization' : '$remote_addr',
        }
      : {}),
  };
}
