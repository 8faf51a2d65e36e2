import { assertNever } from '../domain/assert-never.ts';
import {
  type DriftDecision,
  type DriftRepair,
  type DriftRow,
  type DriftState,
  decideDrift,
  driftKey,
  findDrift,
} from '../domain/decide-drift.ts';
import type { HostedServer } from '../domain/hosted-server.ts';
import { renderDriftEnd, renderDriftIssue } from '../domain/reports/drift-issue.ts';
import { isServerId } from '../domain/server-id.ts';
import type { DriftIssue } from '../ports/github.ts';
import { removeSecrets } from './living-server.ts';
import type { Platform } from './platform.ts';
import { reviewOpenPullRequests } from './review-pull-request.ts';

/** Rows of one page, and pages: more servers want a second deployments repository long before. */
const ROWS_PER_PAGE = 500;
const PAGES_MAX = 40;

/** Servers that are named in git or in the cluster and have no living row are looked up one by one. */
const LOOK_UPS_MAX = 500;

/** Of a directory that is no server id, and of any length. */
const NAME_CHARS_MAX = 100;

/** Repairs of one pass; the next one goes on. */
const REPAIRS_MAX = 100;

/**
 * Compares git, database and cluster, mends what is safe, and tells people of the rest in one issue of the deployments
 * repository. Two requests to GitHub when all is well; pull requests whose event was lost are checked on the way.
 */
export async function mendDrift(platform: Platform): Promise<void> {
  const { issue, state } = await readState(platform);
  const now = platform.now();
  const drifts = findDrift(state);
  const seenSince = await platform.driftLog.observe(drifts.map(driftKey), now);
  const decision = decideDrift(state, drifts, seenSince, now);
  for (const repair of decision.repairs.slice(0, REPAIRS_MAX)) await repairOne(platform, repair);
  await tell(platform, issue, decision);
  await reviewOpenPullRequests(platform, 'unchecked');
}

/** The busy servers come last: a rollout that began while the rest was read counts as under way. */
async function readState(platform: Platform): Promise<{ issue: DriftIssue | null; state: DriftState }> {
  const before = await platform.rollouts.busyServers();
  const { serverIds, issue } = await platform.inventory.read();
  const overlays = serverIds.map((name) => name.slice(0, NAME_CHARS_MAX));
  // That of `base/`, and those of other people, are named otherwise.
  const applications = (await platform.applications.list())
    .filter(({ serverId }) => isServerId(serverId))
    .map(({ serverId, syncStatus, outOfSync, images }) => ({
      serverId,
      syncStatus,
      outOfSync,
      hasPods: images.length > 0,
    }));
  const secrets = await platform.secretInventory.listServerSecrets();
  const named = [...overlays.filter(isServerId), ...[...applications, ...secrets].map(({ serverId }) => serverId)];
  const rows = await readRows(platform, named);
  const after = await platform.rollouts.busyServers();
  return { issue, state: { overlays, rows, applications, secrets, busy: [...new Set([...before, ...after])] } };
}

async function readRows(platform: Platform, named: readonly string[]): Promise<DriftRow[]> {
  const rows = new Map<string, DriftRow>();
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const some = await platform.hostedServers.list({ limit: ROWS_PER_PAGE, offset: page * ROWS_PER_PAGE });
    for (const server of some) rows.set(server.serverId, rowOf(server));
    if (some.length < ROWS_PER_PAGE) break;
  }
  const unknown = [...new Set(named)].filter((serverId) => !rows.has(serverId)).slice(0, LOOK_UPS_MAX);
  for (const serverId of unknown) {
    const server = await platform.hostedServers.findByServerId(serverId);
    if (server) rows.set(serverId, rowOf(server));
  }
  return [...rows.values()];
}

function rowOf({ serverId, status, source, deletedAt }: HostedServer): DriftRow {
  const { deployed } = source;
  const mayIdle = deployed?.config.scaling?.min === 0;
  return { serverId, status, deployed: deployed !== undefined, mayIdle, deletedAt };
}

async function repairOne(platform: Platform, repair: DriftRepair): Promise<void> {
  const { kind, serverId } = repair;
  try {
    if (await carryOut(platform, repair)) platform.log.info({ serverId, repair: kind }, 'Drift was mended');
  } catch (error) {
    // The next pass finds the same drift and tries again.
    platform.log.warn({ error, serverId, repair: kind }, 'Drift could not be mended');
  }
}

/** @returns whether anything changed that is worth a line */
async function carryOut(platform: Platform, { kind, serverId }: DriftRepair): Promise<boolean> {
  switch (kind) {
    case 'refresh':
      await platform.applications.refresh(serverId);
      return false;
    case 'retire':
      return platform.hostedServers.retire(serverId, 'Its overlay was removed from the deployments repository.');
    case 'remove-secrets':
      await removeSecrets(platform, serverId);
      return true;
    default:
      return assertNever(kind);
  }
}

/** One issue: made when there is something to tell, edited when that changes, closed when all is well. */
async function tell(platform: Platform, issue: DriftIssue | null, decision: DriftDecision): Promise<void> {
  if (decision.reported.length === 0) {
    if (issue?.open) await platform.inventory.publishIssue(issue.number, { ...renderDriftEnd(), open: false });
    return;
  }
  const wanted = renderDriftIssue(decision);
  const isTold = issue?.body.trimEnd() === wanted.body.trimEnd() && issue.title === wanted.title;
  // Somebody who closed it knows of just this.
  if (!isTold) await platform.inventory.publishIssue(issue?.number, { ...wanted, open: true });
}
