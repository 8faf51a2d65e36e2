import type { OverlayInput } from '../overlay-input.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import {
  EXTERNAL_SCALER_ADDRESS,
  PAUSED_REPLICAS_ANNOTATION,
  SCALED_OBJECT_WAVE,
  SYNC_WAVE_ANNOTATION,
} from './keda.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  scaleTargetRef: { apiVersion: string; kind: string; name: string };
  initialCooldownPeriod?: number;
  cooldownPeriod: number;
  minReplicaCount: number;
  maxReplicaCount: number;
  triggers: { type: string; metadata: Record<string, string> }[];
}

/** Time without a request or stream after which the last pod goes: longer than people think between two questions. */
const IDLE_SECONDS = 600;

export const scaledObject = defineCustomResource<Spec>({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['scaleTargetRef', 'cooldownPeriod', 'minReplicaCount', 'maxReplicaCount', 'triggers'],
    properties: {
      scaleTargetRef: {
        type: 'object',
        additionalProperties: false,
        required: ['apiVersion', 'kind', 'name'],
        properties: {
          apiVersion: { type: 'string', const: 'apps/v1' },
          kind: { type: 'string', const: 'Deployment' },
          name: { type: 'string', minLength: 1 },
        },
      },
      initialCooldownPeriod: { type: 'integer', minimum: 0, nullable: true },
      cooldownPeriod: { type: 'integer', minimum: 0 },
      minReplicaCount: { type: 'integer', const: 0 },
      maxReplicaCount: { type: 'integer', minimum: 1 },
      triggers: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['type', 'metadata'],
          properties: {
            type: { type: 'string', const: 'external-push' },
            metadata: {
              type: 'object',
              required: ['scalerAddress', 'interceptorRoute'],
              additionalProperties: { type: 'string' },
            },
          },
        },
      },
    },
  },
});

/**
 * Lets KEDA decide on the number of pods by the requests that its interceptor has open. `replicas: 0` in the input is a
 * stop, which KEDA's own annotation holds: one line more, and one less at the next start. It comes last in the sync:
 * while it is held, Argo CD calls it suspended, and would wait with later waves for ever.
 */
export function scaledObjectManifest(input: OverlayInput, max: number): ValidManifest {
  const name = serverObjectName(input.serverId);
  return scaledObject({
    metadata: {
      name,
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
      annotations: {
        [SYNC_WAVE_ANNOTATION]: SCALED_OBJECT_WAVE,
        ...(input.replicas === 0 ? { [PAUSED_REPLICAS_ANNOTATION]: '0' } : {}),
      },
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      // Else KEDA takes the first pod away at once, and the handshake after the deployment waits for a second one.
      initialCooldownPeriod: IDLE_SECONDS,
      cooldownPeriod: IDLE_SECONDS,
      minReplicaCount: 0,
      maxReplicaCount: max,
      triggers: [
        {
          type: 'external-push',
          metadata: { scalerAddress: EXTERNAL_SCALER_ADDRESS, interceptorRoute: name },
        },
      ],
    },
  });
}
