import type { OverlayInput } from '../overlay-input.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import { INTERCEPTOR_ROUTE_WAVE, SYNC_WAVE_ANNOTATION } from './keda.ts';
import { hostsOf, SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  target: { service: string; port: number };
  rules: { hosts: string[] }[];
  scalingMetric: { concurrency: { targetValue: number } };
  timeouts: { readiness: string; request: string; responseHeader: string };
}

/** Open requests and streams that one pod carries before KEDA adds another. An idle stream costs little. */
const CONCURRENCY_PER_POD = 50;
/** Scheduling, image pull and start of a server at zero; a request that waited longer is answered with 504. */
const READINESS_TIMEOUT = '120s';

export const interceptorRoute = defineCustomResource<Spec>({
  apiVersion: 'http.keda.sh/v1beta1',
  kind: 'InterceptorRoute',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['target', 'rules', 'scalingMetric', 'timeouts'],
    properties: {
      target: {
        type: 'object',
        additionalProperties: false,
        required: ['service', 'port'],
        properties: {
          service: { type: 'string', minLength: 1 },
          port: { type: 'integer', minimum: 1, maximum: 65_535 },
        },
      },
      rules: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['hosts'],
          properties: { hosts: { type: 'array', uniqueItems: true, items: { type: 'string' } } },
        },
      },
      scalingMetric: {
        type: 'object',
        additionalProperties: false,
        required: ['concurrency'],
        properties: {
          concurrency: {
            type: 'object',
            additionalProperties: false,
            required: ['targetValue'],
            properties: { targetValue: { type: 'integer', minimum: 1 } },
          },
        },
      },
      timeouts: {
        type: 'object',
        additionalProperties: false,
        required: ['readiness', 'request', 'responseHeader'],
        properties: {
          readiness: { type: 'string' },
          request: { type: 'string' },
          responseHeader: { type: 'string' },
        },
      },
    },
  },
});

/**
 * Which requests KEDA's interceptor holds until the server has a pod, and counts (keda.sh/http-add-on, InterceptorRoute
 * v1beta1). Requests have no end here, since the wrapper has limits of its own and streams stay open.
 */
export function interceptorRouteManifest(input: OverlayInput): ValidManifest {
  const name = serverObjectName(input.serverId);
  return interceptorRoute({
    metadata: {
      name,
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
      annotations: { [SYNC_WAVE_ANNOTATION]: INTERCEPTOR_ROUTE_WAVE },
    },
    spec: {
      target: { service: name, port: SERVICE_PORT },
      rules: [{ hosts: hostsOf(input) }],
      scalingMetric: { concurrency: { targetValue: CONCURRENCY_PER_POD } },
      timeouts: { readiness: READINESS_TIMEOUT, request: '0s', responseHeader: '0s' },
    },
  });
}
