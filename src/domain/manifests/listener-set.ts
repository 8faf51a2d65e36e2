import type { OverlayInput, RouteSettings } from '../overlay-input.ts';
import { domainsSecretName } from './certificate.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import { GATEWAY_GROUP } from './http-route.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  parentRef: { group: string; kind: string; name: string; namespace: string };
  listeners: {
    name: string;
    hostname: string;
    port: number;
    protocol: string;
    tls: { mode: string; certificateRefs: { group: string; kind: string; name: string }[] };
    allowedRoutes: { namespaces: { from: string } };
  }[];
}

const text = { type: 'string', minLength: 1 } as const;

export const listenerSet = defineCustomResource<Spec>({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ListenerSet',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['parentRef', 'listeners'],
    properties: {
      parentRef: {
        type: 'object',
        additionalProperties: false,
        required: ['group', 'kind', 'name', 'namespace'],
        properties: { group: { type: 'string', const: GATEWAY_GROUP }, kind: text, name: text, namespace: text },
      },
      listeners: {
        type: 'array',
        minItems: 1,
        maxItems: 64,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'hostname', 'port', 'protocol', 'tls', 'allowedRoutes'],
          properties: {
            name: { type: 'string', pattern: '^domain-[0-9]{1,2}$' },
            hostname: {
              type: 'string',
              maxLength: 253,
              pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
            },
            port: { type: 'integer', minimum: 1, maximum: 65_535 },
            protocol: { type: 'string', const: 'HTTPS' },
            tls: {
              type: 'object',
              additionalProperties: false,
              required: ['mode', 'certificateRefs'],
              properties: {
                mode: { type: 'string', const: 'Terminate' },
                certificateRefs: {
                  type: 'array',
                  minItems: 1,
                  items: {
                    type: 'object',
                    additionalProperties: false,
                    required: ['group', 'kind', 'name'],
                    properties: { group: { type: 'string', const: '' }, kind: text, name: text },
                  },
                },
              },
            },
            allowedRoutes: {
              type: 'object',
              additionalProperties: false,
              required: ['namespaces'],
              properties: {
                namespaces: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['from'],
                  properties: { from: { type: 'string', const: 'Same' } },
                },
              },
            },
          },
        },
      },
    },
  },
});

/** Adds the server's custom domains to the shared Gateway, which must allow ListenerSets of this namespace. */
export function listenerSetManifest(
  input: OverlayInput,
  route: Extract<RouteSettings, { kind: 'gateway' }>,
  domains: string[],
): ValidManifest {
  const secretName = domainsSecretName(input.serverId);
  return listenerSet({
    metadata: {
      name: serverObjectName(input.serverId),
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
    },
    spec: {
      parentRef: {
        group: GATEWAY_GROUP,
        kind: 'Gateway',
        name: route.gatewayName,
        namespace: route.gatewayNamespace,
      },
      listeners: domains.map((hostname, index) => ({
        name: `domain-${index}`,
        hostname,
        port: 443,
        protocol: 'HTTPS',
        tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: secretName }] },
        allowedRoutes: { namespaces: { from: 'Same' } },
      })),
    },
  });
}
