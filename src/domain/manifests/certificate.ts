import type { OverlayInput } from '../overlay-input.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  secretName: string;
  dnsNames: string[];
  issuerRef: { group: string; kind: string; name: string };
}

export const certificate = defineCustomResource<Spec>({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['secretName', 'dnsNames', 'issuerRef'],
    properties: {
      secretName: { type: 'string', minLength: 1 },
      dnsNames: { type: 'array', minItems: 1, items: { type: 'string' } },
      issuerRef: {
        type: 'object',
        additionalProperties: false,
        required: ['group', 'kind', 'name'],
        properties: {
          group: { type: 'string', const: 'cert-manager.io' },
          kind: { type: 'string', const: 'ClusterIssuer' },
          name: { type: 'string', minLength: 1 },
        },
      },
    },
  },
});

/** Where cert-manager puts the certificate of a server's custom domains. */
export function domainsSecretName(serverId: string): string {
  return `${serverObjectName(serverId)}-domains-tls`;
}

/** One certificate for all custom domains of a server; its own host is covered by the wildcard. */
export function certificateManifest(input: OverlayInput, domains: string[], clusterIssuer: string): ValidManifest {
  return certificate({
    metadata: {
      name: `${serverObjectName(input.serverId)}-domains`,
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
    },
    spec: {
      secretName: domainsSecretName(input.serverId),
      dnsNames: domains,
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: clusterIssuer },
    },
  });
}
