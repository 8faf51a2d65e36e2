import type { V1Deployment } from '@kubernetes/client-node';
import type { DeploymentState } from '../../domain/cluster-state.ts';
import { boundedMessage, boundedWord } from './bounded-message.ts';
import { ITEMS_MAX } from './cluster-limits.ts';
import { CONTAINER } from './parse-pod.ts';

/** @returns undefined while the controller has not looked at the newest spec: its conditions are about the one before */
export function parseDeployment({ metadata, spec, status }: V1Deployment): DeploymentState | undefined {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return undefined;
  const container = spec?.template.spec?.containers.find(({ name }) => name === CONTAINER);
  return {
    image: boundedWord(container?.image ?? ''),
    conditions: (status?.conditions ?? []).slice(0, ITEMS_MAX).map(({ type, status: state, reason, message }) => ({
      type: boundedWord(type),
      status: boundedWord(state),
      reason: boundedWord(reason ?? ''),
      message: boundedMessage(message ?? ''),
    })),
  };
}
