import type { HostedServerStatus } from './hosted-server.ts';
import { isServerId } from './server-id.ts';

/** Git, database and cluster as they were read one after the other; they may be seconds apart. */
export interface DriftState {
  /** Directories below `servers/` on the default branch, by whatever name: Argo CD deploys them all. */
  overlays: readonly string[];
  /** Rows of all living servers, and of the deleted ones that are named elsewhere. */
  rows: readonly DriftRow[];
  applications: readonly DriftApplication[];
  /** Secrets of the servers' namespace by which a server is known. */
  secrets: readonly ServerSecretState[];
  /** Servers with a rollout that is not settled: there the three differ on purpose. */
  busy: readonly string[];
}

export interface DriftRow {
  serverId: string;
  status: HostedServerStatus;
  /** An overlay of it was merged. */
  deployed: boolean;
  /** It may have no pod while nobody asks for it: it scales to zero. */
  mayIdle: boolean;
  deletedAt: Date | null;
}

/** An Application, as far as it says that the cluster holds what git does. */
export interface DriftApplication {
  serverId: string;
  /** `Synced`, `OutOfSync` or `Unknown`, as Argo CD says of what it compared last. */
  syncStatus: string;
  /** `Kind name` of what differs from git: of a Deployment that was scaled by hand too. */
  outOfSync: readonly string[];
  /** Argo CD shows pods of it. */
  hasPods: boolean;
}

/** A Secret `mcp-<server-id>-access` or `-env`; its values are never read. */
export interface ServerSecretState {
  name: string;
  serverId: string;
  /** Made by the bot for this very server, as its labels say. */
  ours: boolean;
}

type DriftKind =
  | 'overlay-without-row'
  | 'overlay-of-deleted'
  | 'row-without-overlay'
  | 'overlay-without-application'
  | 'application-without-overlay'
  | 'application-out-of-sync'
  | 'running-without-pods'
  | 'stopped-with-pods'
  | 'secret-without-server';

/** Something that is in one of the three and not in the others. */
export interface Drift {
  kind: DriftKind;
  serverId: string;
  /** `Kind name` of what differs. */
  objects?: readonly string[];
}

export type DriftRepair =
  /** Argo CD is asked to look at git. */
  | { kind: 'refresh'; serverId: string }
  /** The row becomes deleted: somebody removed the overlay. */
  | { kind: 'retire'; serverId: string }
  /** The Secrets of a server that is deleted go. */
  | { kind: 'remove-secrets'; serverId: string };

export interface DriftDecision {
  repairs: DriftRepair[];
  /** What people have to look at, in the order of kinds and server ids. */
  reported: Drift[];
  /** Rows that were not retired because they are so many. */
  heldBack: number;
}

/** A merge, a sync and a webhook that had to be sent again are over by then. */
export const DRIFT_GRACE_MS = 15 * 60_000;

/** A deleted server may be wanted back: its keys and variables with it. */
export const SECRETS_KEPT_MS = 7 * 24 * 3_600_000;

/** More overlays than these, and more than a fifth of all, do not vanish by hand: a branch was wiped or renamed. */
const RETIRED_MAX = 3;
const RETIRED_SHARE_MAX = 0.2;

export function driftKey({ kind, serverId }: Drift): string {
  return `${kind}:${serverId}`;
}

/** All that differs at this moment, servers under way left out. */
export function findDrift(state: DriftState): Drift[] {
  const overlays = new Set(state.overlays);
  const applications = new Set(state.applications.map(({ serverId }) => serverId));
  const rows = new Map(state.rows.map((row) => [row.serverId, row]));
  const arePodsShown = state.applications.some(({ hasPods }) => hasPods);
  const isLiving = (serverId: string) => rows.has(serverId) && rows.get(serverId)?.status !== 'deleted';
  const found: Drift[] = [
    ...state.overlays.flatMap((serverId): Drift[] => {
      const row = rows.get(serverId);
      return [
        ...(row === undefined ? [{ kind: 'overlay-without-row' as const, serverId }] : []),
        ...(row?.status === 'deleted' ? [{ kind: 'overlay-of-deleted' as const, serverId }] : []),
        ...(applications.has(serverId) || !isServerId(serverId)
          ? []
          : [{ kind: 'overlay-without-application' as const, serverId }]),
      ];
    }),
    ...state.rows
      .filter(({ serverId, status, deployed }) => status !== 'deleted' && deployed && !overlays.has(serverId))
      .map(({ serverId }): Drift => ({ kind: 'row-without-overlay', serverId })),
    ...state.applications
      .filter(({ serverId }) => !overlays.has(serverId))
      .map(({ serverId }): Drift => ({ kind: 'application-without-overlay', serverId })),
    ...state.applications.flatMap((application) => {
      const row = rows.get(application.serverId);
      return row && overlays.has(application.serverId) ? differenceOf(application, row, arePodsShown) : [];
    }),
    ...[...new Set(state.secrets.map(({ serverId }) => serverId))]
      .filter((serverId) => !isLiving(serverId) && !overlays.has(serverId))
      .map((serverId): Drift => ({ kind: 'secret-without-server', serverId })),
  ];
  return found.filter(({ serverId }) => !state.busy.includes(serverId)).sort(inOrder);
}

/**
 * What runs of a server that was brought to its end, where that is not what git or the row says. Argo CD compares every
 * field that git has, the count of replicas among them, and undoes what people change in the cluster (`selfHeal`); so what
 * differs for long is what it cannot undo. What a failed rollout left behind its people were told of.
 * @param arePodsShown an AppProject of an old scaffold hides all pods: then nothing is known of them
 */
function differenceOf({ serverId, ...application }: DriftApplication, row: DriftRow, arePodsShown: boolean): Drift[] {
  if (row.status !== 'running' && row.status !== 'stopped') return [];
  const { syncStatus, outOfSync: objects, hasPods } = application;
  if (syncStatus !== 'Synced') return [{ kind: 'application-out-of-sync', serverId, objects }];
  if (row.status === 'stopped') return hasPods ? [{ kind: 'stopped-with-pods', serverId }] : [];
  return hasPods || row.mayIdle || !arePodsShown ? [] : [{ kind: 'running-without-pods', serverId }];
}

/**
 * What is done about drift, and what people are told. Nothing is done that cannot be undone unless it lasted over the
 * grace time; asking Argo CD to look is harmless at any time.
 *
 * @param seenSince when each drift, by `driftKey`, was seen first
 */
export function decideDrift(
  state: DriftState,
  drifts: readonly Drift[],
  seenSince: ReadonlyMap<string, Date>,
  now: Date,
): DriftDecision {
  const lasting = drifts.filter((drift) => {
    const since = seenSince.get(driftKey(drift));
    return since !== undefined && now.getTime() - since.getTime() >= DRIFT_GRACE_MS;
  });
  const living = state.rows.filter(({ status, deployed }) => status !== 'deleted' && deployed).length;
  const gone = lasting.filter(({ kind }) => kind === 'row-without-overlay');
  const tooMany = gone.length > Math.max(RETIRED_MAX, living * RETIRED_SHARE_MAX);
  const removable = lasting.filter((drift) => isRemovable(drift, state, now));
  return {
    repairs: [
      ...drifts
        .filter(({ kind }) => isOfArgo(kind))
        .map(({ serverId }): DriftRepair => ({ kind: 'refresh', serverId })),
      ...(tooMany ? [] : gone.map(({ serverId }): DriftRepair => ({ kind: 'retire', serverId }))),
      ...removable.map(({ serverId }): DriftRepair => ({ kind: 'remove-secrets', serverId })),
    ],
    reported: lasting.filter(
      (drift) =>
        !removable.includes(drift) && !awaitsRemoval(drift, state) && (drift.kind !== 'row-without-overlay' || tooMany),
    ),
    heldBack: tooMany ? gone.length : 0,
  };
}

function isOfArgo(kind: DriftKind): boolean {
  return (
    kind === 'overlay-without-application' ||
    kind === 'application-without-overlay' ||
    kind === 'application-out-of-sync'
  );
}

/** Provably the bot's, of a server that was deleted long ago, and that nothing runs of any more. */
function isRemovable(drift: Drift, state: DriftState, now: Date): boolean {
  const deletedAt = state.rows.find(({ serverId }) => serverId === drift.serverId)?.deletedAt;
  return awaitsRemoval(drift, state) && deletedAt != null && now.getTime() - deletedAt.getTime() >= SECRETS_KEPT_MS;
}

/** Such Secrets go by themselves in time, which nobody needs to hear of. */
function awaitsRemoval({ kind, serverId }: Drift, { rows, secrets, applications }: DriftState): boolean {
  if (kind !== 'secret-without-server' || applications.some((one) => one.serverId === serverId)) return false;
  const row = rows.find((one) => one.serverId === serverId);
  return row?.status === 'deleted' && secrets.filter((one) => one.serverId === serverId).every(({ ours }) => ours);
}

function inOrder(a: Drift, b: Drift): number {
  return driftKey(a) < driftKey(b) ? -1 : 1;
}
