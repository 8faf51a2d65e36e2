import type { OverlayInput } from './overlay-input.ts';

/** How the number of a server's pods is decided. */
export type ScalingPlan =
  /** A count in git. */
  | { kind: 'fixed'; max: number }
  /** A HorizontalPodAutoscaler between two counts. */
  | { kind: 'auto'; min: number; max: number }
  /** KEDA, from none up, as requests come. */
  | { kind: 'to-zero'; max: number };

/** It depends on what was asked for and not on `replicas`, so that a stop adds and removes no files. */
export function planScaling({ config, replicas }: Pick<OverlayInput, 'config' | 'replicas'>): ScalingPlan {
  if (!config.scaling) return { kind: 'fixed', max: replicas };
  const { min, max } = config.scaling;
  if (min === 0) return { kind: 'to-zero', max: Math.max(max, 1) };
  return max > min ? { kind: 'auto', min, max } : { kind: 'fixed', max: min };
}

/** Whether git says how many pods there are. Where something else decides, a count in git would undo it again and again. */
export function isCountInGit(input: Pick<OverlayInput, 'config' | 'replicas'>): boolean {
  return planScaling(input).kind === 'fixed';
}

/** Whether an autoscaler goes by the wrapper's own measure of requests. */
export function isScaledByRequests(input: Pick<OverlayInput, 'config' | 'replicas' | 'policy'>): boolean {
  return planScaling(input).kind === 'auto' && input.policy?.scaling?.requestMetric === true;
}
