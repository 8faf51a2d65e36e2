import type { DeploymentState } from './cluster-state.ts';
import type { ClusterVerdict } from './cluster-verdict.ts';
import { explainClusterMessage, shortenMessage } from './explain-cluster-message.ts';
import { type Rollout, serversNamespace } from './rollout.ts';

/**
 * Whether the Deployment's pods are turned away before there are any: by a quota, a limit or an admission policy. Argo CD
 * calls that Progressing until the Deployment's deadline.
 */
export function assessDeployment(
  rollout: Rollout,
  deployment: DeploymentState | undefined,
): ClusterVerdict | undefined {
  const refused = deployment?.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!refused) return undefined;
  const place = { serverId: rollout.serverId, namespace: serversNamespace(rollout) };
  const failure = explainClusterMessage(refused.message, place) ?? {
    code: 'admission-denied',
    message: `The cluster admits no pod of the server: ${shortenMessage(refused.message)}`,
    hint: 'Mend what it names.',
  };
  const hint = `${failure.hint} The deployment goes on by itself.`;
  return { kind: 'failed', failure: { ...failure, hint }, previousLog: false };
}
