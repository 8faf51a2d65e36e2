import { HorizontalPodAutoscaler, type IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { OverlayInput } from '../overlay-input.ts';
import { isScaledByRequests } from '../plan-scaling.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

type Spec = NonNullable<IHorizontalPodAutoscaler['spec']>;

/** What the Prometheus adapter's default rules make of the wrapper's counter `mcp_wrapper_requests_total`. */
export const REQUEST_RATE_METRIC = 'mcp_wrapper_requests_per_second';
/** What one pod carries where `.mcp-hosting.yml` says nothing: requests of people and agents, which take a while each. */
const REQUESTS_PER_SECOND = 10;
/** Of the request for CPU; above it a server is busy. */
const CPU_PERCENT = 80;

/**
 * Scales by the rate of requests a pod, where the cluster has that metric, and by CPU. The larger of the two counts; while
 * the rate cannot be read, CPU alone scales up and nothing scales down.
 */
export function horizontalPodAutoscalerManifest(
  input: OverlayInput,
  { min, max }: { min: number; max: number },
): HorizontalPodAutoscaler {
  const name = serverObjectName(input.serverId);
  return new HorizontalPodAutoscaler({
    metadata: { name, namespace: input.namespace, labels: selectorLabels(input.serverId) },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: max,
      metrics: [
        ...(isScaledByRequests(input) ? [requestRate(input)] : []),
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: CPU_PERCENT } },
        },
      ],
      behavior: BEHAVIOR,
    },
  });
}

function requestRate({ config }: OverlayInput): NonNullable<Spec['metrics']>[number] {
  const averageValue = String(config.scaling?.requestsPerSecond ?? REQUESTS_PER_SECOND);
  return {
    type: 'Pods',
    pods: { metric: { name: REQUEST_RATE_METRIC }, target: { type: 'AverageValue', averageValue } },
  };
}

/**
 * Up within half a minute, at most doubling each minute; down only by what the last five minutes allow, one pod every two
 * minutes. A pod that goes takes its sessions with it, and one that comes is slow at first: flapping costs both.
 */
const BEHAVIOR: NonNullable<Spec['behavior']> = {
  scaleUp: {
    stabilizationWindowSeconds: 30,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 60 },
      { type: 'Pods', value: 2, periodSeconds: 60 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 120 }],
  },
};
