import type { OverlayInput } from '../overlay-input.ts';
import { sessionAffinity } from '../session-affinity.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import { GATEWAY_GROUP } from './http-route.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  targetRefs: { group: string; kind: string; name: string }[];
  loadBalancer?: {
    type: string;
    consistentHash: { type: string; header?: { name: string } };
  };
  rateLimit?: { type: string; local: { rules: { limit: { requests: number; unit: string } }[] } };
}

export const backendTrafficPolicy = defineCustomResource<Spec>({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'BackendTrafficPolicy',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['targetRefs'],
    properties: {
      targetRefs: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['group', 'kind', 'name'],
          properties: {
            group: { type: 'string', const: GATEWAY_GROUP },
            kind: { type: 'string' },
            name: { type: 'string', minLength: 1 },
          },
        },
      },
      loadBalancer: {
        type: 'object',
        nullable: true,
        additionalProperties: false,
        required: ['type', 'consistentHash'],
        properties: {
          type: { type: 'string', const: 'ConsistentHash' },
          consistentHash: {
            type: 'object',
            additionalProperties: false,
            required: ['type'],
            properties: {
              type: { type: 'string', enum: ['Header', 'SourceIP'] },
              header: {
                type: 'object',
                nullable: true,
                additionalProperties: false,
                required: ['name'],
                properties: { name: { type: 'string', const: 'Authorization' } },
              },
            },
          },
        },
      },
      rateLimit: {
        type: 'object',
        nullable: true,
        additionalProperties: false,
        required: ['type', 'local'],
        properties: {
          type: { type: 'string', const: 'Local' },
          local: {
            type: 'object',
            additionalProperties: false,
            required: ['rules'],
            properties: {
              rules: {
                type: 'array',
                items: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['limit'],
                  properties: {
                    limit: {
                      type: 'object',
                      additionalProperties: false,
                      required: ['requests', 'unit'],
                      properties: {
                        requests: { type: 'integer', minimum: 1, maximum: 4_294_967_295 },
                        unit: { type: 'string', const: 'Minute' },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
});

/**
 * What Envoy Gateway does on the server's route (gateway.envoyproxy.io, BackendTrafficPolicy): the rate limit, counted in
 * each Envoy before the wrapper counts per client, and one pod for the requests of one client.
 *
 * @returns undefined where there is nothing for it to do
 */
export function backendTrafficPolicyManifest(input: OverlayInput): ValidManifest | undefined {
  const affinity = sessionAffinity(input);
  const { rateLimit } = input.config;
  if (!affinity && !rateLimit) return undefined;
  const name = serverObjectName(input.serverId);
  return backendTrafficPolicy({
    metadata: { name, namespace: input.namespace, labels: selectorLabels(input.serverId) },
    spec: {
      targetRefs: [{ group: GATEWAY_GROUP, kind: 'HTTPRoute', name }],
      ...(affinity
        ? {
            loadBalancer: {
              type: 'ConsistentHash',
              consistentHash:
                affinity.by === 'authorization'
                  ? { type: 'Header', header: { name: 'Authorization' } }
                  : { type: 'SourceIP' },
            },
          }
        : {}),
      ...(rateLimit
        ? {
            rateLimit: {
              type: 'Local',
              local: { rules: [{ limit: { requests: rateLimit.requestsPerMinute, unit: 'Minute' } }] },
            },
          }
        : {}),
    },
  });
}
