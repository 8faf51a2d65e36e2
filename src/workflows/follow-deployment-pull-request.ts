import { serverIdOfBranch } from '../domain/branch-names.ts';
import { parseRolloutMarker } from '../domain/reports/markers.ts';
import { isEnded } from '../domain/rollout.ts';
import { recordFact } from './advance-server.ts';
import type { Platform } from './platform.ts';

/** A pull request of the deployments repository was closed, merged or not. `by`: login, null when unknown. */
export async function followDeploymentPullRequest(
  platform: Platform,
  event: { number: number; branch: string; body: string; mergeSha: string | null; by: string | null },
): Promise<void> {
  const serverId = serverIdOfBranch(event.branch);
  if (serverId === undefined) return;
  const named = parseRolloutMarker(event.body);
  // One that was replaced has the same pull request as the one in its place.
  const unfinished = (await platform.rollouts.unfinished(serverId)).filter((rollout) => !isEnded(rollout));
  const rollout =
    unfinished.find(({ proposal }) => proposal?.number === event.number) ??
    unfinished.find(({ id, proposal }) => !proposal && id === named);
  if (!rollout) return;
  await recordFact(
    platform,
    serverId,
    rollout.id,
    event.mergeSha ? { kind: 'merged', sha: event.mergeSha, by: event.by } : { kind: 'closed', by: event.by },
  );
}
