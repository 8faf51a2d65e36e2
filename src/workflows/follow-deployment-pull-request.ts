import { serverIdOfBranch } from '../domain/branch-names.ts';
import { parseRolloutMarker } from '../domain/reports/markers.ts';
import { isEnded, type Rollout } from '../domain/rollout.ts';
import { recordFact } from './advance-server.ts';
import type { Platform } from './platform.ts';

interface ClosedPullRequest {
  number: number;
  branch: string;
  body: string;
  mergeSha: string | null;
  by: string | null;
}

/** A pull request of the deployments repository was closed, merged or not. `by`: login, null when unknown. */
export async function followDeploymentPullRequest(platform: Platform, event: ClosedPullRequest): Promise<void> {
  const serverId = serverIdOfBranch(event.branch);
  if (serverId === undefined) return;
  const rollout = await findRollout(platform, serverId, event);
  if (!rollout) return;
  await recordFact(
    platform,
    serverId,
    rollout.id,
    event.mergeSha ? { kind: 'merged', sha: event.mergeSha, by: event.by } : { kind: 'closed', by: event.by },
  );
}

/** A pull request of the deployments repository left the merge queue without a merge. */
export async function followDequeued(
  platform: Platform,
  event: Pick<ClosedPullRequest, 'number' | 'branch' | 'body'>,
): Promise<void> {
  const serverId = serverIdOfBranch(event.branch);
  const rollout = serverId === undefined ? undefined : await findRollout(platform, serverId, event);
  if (rollout) await recordFact(platform, rollout.serverId, rollout.id, { kind: 'dequeued' });
}

async function findRollout(
  platform: Platform,
  serverId: string,
  { number, body }: Pick<ClosedPullRequest, 'number' | 'body'>,
): Promise<Rollout | undefined> {
  const named = parseRolloutMarker(body);
  // One that was replaced has the same pull request as the one in its place.
  const unfinished = (await platform.rollouts.unfinished(serverId)).filter((rollout) => !isEnded(rollout));
  const waiting =
    unfinished.find(({ proposal }) => proposal?.number === number) ??
    unfinished.find(({ id, proposal }) => !proposal && id === named);
  if (waiting || named === undefined) return waiting;
  const ended = await platform.rollouts.read(named);
  return ended?.serverId === serverId && ended.proposal?.number === number ? ended : undefined;
}
