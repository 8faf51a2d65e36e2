import { assertNever } from '../../domain/assert-never.ts';
import type { OverlayPolicy } from '../../domain/deployments-policy.ts';
import type { DeploymentsSnapshot } from '../../domain/deployments-snapshot.ts';
import { unifiedDiff } from '../../domain/overlay-diff.ts';
import type { OverlayInput } from '../../domain/overlay-input.ts';
import { parseDeploymentsPolicy } from '../../domain/parse-deployments-policy.ts';
import { renderOverlay } from '../../domain/render-overlay.ts';
import { renderPullRequest } from '../../domain/reports/pull-request.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import { setScale } from '../../domain/set-scale.ts';
import { UserError } from '../../domain/user-error.ts';
import { ensureProbeKey } from '../ensure-probe-key.ts';
import { unsetSecretsOf } from '../find-unset-secrets.ts';
import type { Platform } from '../platform.ts';
import { versionOf } from '../server-names.ts';

/** Commits the overlay as it should be and opens, updates or closes its pull request. */
export async function propose(platform: Platform, rollout: Rollout, retry: boolean): Promise<RolloutFact> {
  const early = retry ? undefined : earlySnapshot(rollout);
  const snapshot = early ?? (await platform.snapshots.readDeployments(rollout.serverId));
  // Pods read it when they start; a key that comes later may reach them a minute later.
  if (rollout.kind === 'deploy' && rollout.config.access !== 'public') {
    await ensureProbeKey(platform, rollout.serverId);
  }
  const server = await platform.hostedServers.findByServerId(rollout.serverId);
  const before = Object.keys(snapshot.overlay).length > 0 ? (server?.source.deployed ?? null) : null;
  const after = wantedInput(platform, rollout, { deployed: server?.source.deployed, snapshot });
  const files = wantedFiles(rollout, after, snapshot);
  const unset = after ? await unsetSecretsOf(platform, { ...rollout, overlay: after }) : [];
  const { title, body, commitMessage } = renderPullRequest({
    rollout,
    before,
    after,
    unset,
    renderedDiff: unifiedDiff({ before: snapshot.overlay, after: files }),
    githubWebUrl: platform.settings.githubWebUrl,
  });
  const outcome = await platform.proposals.propose(
    { serverId: rollout.serverId, rolloutId: rollout.id, files, title, body, message: commitMessage, snapshot },
    retry,
  );
  // Nothing to change was said of what stood there when the rollout began: it may have been changed since.
  if (early && outcome.kind === 'unchanged') return propose(platform, withoutSnapshot(rollout), retry);
  const overlay = after ? { overlay: after } : {};
  switch (outcome.kind) {
    case 'opened':
      return {
        kind: 'proposed',
        proposal: { ...outcome.pullRequest, branchHeadSha: outcome.branchHeadSha },
        ...overlay,
        unsetSecrets: unset,
      };
    case 'unchanged':
      return { kind: 'unchanged', headSha: outcome.headSha, ...overlay };
    case 'merged':
      return {
        kind: 'merged',
        sha: outcome.mergeSha,
        by: outcome.mergedBy,
        found: { proposal: { ...outcome.pullRequest, branchHeadSha: outcome.mergeSha }, ...overlay },
      };
    default:
      return assertNever(outcome);
  }
}

/**
 * What was read when the rollout began, which saves a request. It does for a deployment, which writes the overlay anew;
 * the others change what stands there now, and that another rollout may have merged in the meantime.
 */
function earlySnapshot({ kind, snapshot }: Rollout): DeploymentsSnapshot | undefined {
  return kind === 'deploy' && snapshot?.pullRequest?.state !== 'OPEN' ? snapshot : undefined;
}

function withoutSnapshot({ snapshot: _, ...rest }: Rollout): Rollout {
  return rest;
}

/** Merges under the policy `auto`, or has it merged by the branch's queue; where branch protection wants people, it waits for them. */
export async function mergeProposal(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  if (!rollout.proposal) throw new Error(`Cannot merge for rollout ${rollout.id}: it has no pull request`);
  try {
    const outcome = await platform.proposals.merge(rollout.proposal);
    return outcome.kind === 'queued' ? { kind: 'merge-queued' } : { kind: 'merged', sha: outcome.sha, by: null };
  } catch (error) {
    if (error instanceof UserError && error.code === 'merge-blocked') return { kind: 'merge-blocked' };
    throw error;
  }
}

/** Asks for a pull request that waited long for people: its webhook may be lost. */
export async function pollProposal(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  if (!rollout.proposal) return { kind: 'still-open' };
  const { state, mergeSha, ...read } = await platform.proposals.readPullRequest(rollout.proposal);
  if (state === 'MERGED' && mergeSha) return { kind: 'merged', sha: mergeSha, by: read.mergedBy };
  if (state === 'CLOSED') return { kind: 'closed', by: read.closedBy };
  return rollout.mergeQueued && state === 'OPEN' && !read.inMergeQueue ? { kind: 'dequeued' } : { kind: 'still-open' };
}

function wantedInput(
  platform: Platform,
  rollout: Rollout,
  { deployed, snapshot }: { deployed: OverlayInput | undefined; snapshot: DeploymentsSnapshot },
): OverlayInput | null {
  switch (rollout.kind) {
    case 'delete':
      return null;
    case 'stop':
      return deployed ? { ...deployed, replicas: 0 } : null;
    case 'start':
      return deployed ?? null;
    case 'deploy':
      return deployInput(platform, rollout, snapshot);
    default:
      return assertNever(rollout.kind);
  }
}

function deployInput(platform: Platform, rollout: Rollout, { policyText }: DeploymentsSnapshot): OverlayInput {
  if (!rollout.digest) throw new Error(`Cannot propose rollout ${rollout.id}: it has no image digest`);
  const { resources, env, secrets, access, sessions, egress, rateLimit, scaling, domains } = rollout.config;
  const policy = overlayPolicy(policyText);
  return {
    serverId: rollout.serverId,
    serverName: rollout.serverName,
    namespace: platform.settings.serversNamespace,
    image: rollout.imageRepository,
    digest: rollout.digest,
    version: versionOf(rollout.source.commitSha),
    // At zero is where KEDA keeps an idle server; 0 here is a stop.
    replicas: Math.max(scaling.min, 1),
    host: new URL(rollout.endpointUrl).hostname,
    route: platform.settings.route,
    source: { repository: rollout.source.repository, commitSha: rollout.source.commitSha },
    config: {
      resources,
      env,
      secrets,
      access,
      sessions,
      scaling,
      ...(egress ? { egress } : {}),
      ...(rateLimit ? { rateLimit } : {}),
      // A preview would take them from the server that it is a preview of.
      ...(domains && rollout.source.pullRequest === undefined ? { domains } : {}),
    },
    ...(Object.keys(policy).length > 0 ? { policy } : {}),
  };
}

/** One that cannot be read was refused when the rollout began, or was broken since: then every default holds. */
function overlayPolicy(policyText: string | null): OverlayPolicy {
  const parsed = parseDeploymentsPolicy(policyText);
  if (!parsed.ok) return {};
  const { merge: _, registries: _registries, ...policy } = parsed.policy;
  return policy;
}

function wantedFiles(
  rollout: Rollout,
  after: OverlayInput | null,
  snapshot: DeploymentsSnapshot,
): Record<string, string> {
  if (rollout.kind === 'deploy') return { ...renderOverlay(after as OverlayInput) };
  if (rollout.kind === 'delete') return {};
  const kustomization = snapshot.overlay['kustomization.yaml'];
  if (kustomization === undefined || !after) {
    throw new UserError(
      'not-deployed',
      `Cannot ${rollout.kind} ${rollout.serverId}: it was never deployed, expected a merged overlay`,
      'Comment /host to deploy it.',
    );
  }
  return setScale(snapshot.overlay, rollout.serverId, after.replicas);
}
