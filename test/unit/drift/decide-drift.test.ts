import { describe, expect, test } from '@jest/globals';
import {
  DRIFT_GRACE_MS,
  type DriftApplication,
  type DriftDecision,
  type DriftRow,
  type DriftState,
  decideDrift,
  driftKey,
  findDrift,
  SECRETS_KEPT_MS,
} from '../../../src/domain/decide-drift.ts';
import { renderDriftIssue } from '../../../src/domain/reports/drift-issue.ts';
import { redactSecrets } from '../../../src/domain/reports/redact-secrets.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const ID = 'hello-k3v9x2';

function row(more: Partial<DriftRow> = {}): DriftRow {
  return { serverId: ID, status: 'running', deployed: true, mayIdle: false, deletedAt: null, ...more };
}

function application(more: Partial<DriftApplication> = {}): DriftApplication {
  return { serverId: ID, syncStatus: 'Synced', outOfSync: [], hasPods: true, ...more };
}

const deletedAgo = (ms: number) => row({ status: 'deleted', deletedAt: new Date(NOW.getTime() - ms) });
const secret = (ours = true) => ({ name: `mcp-${ID}-access`, serverId: ID, ours });

/** All three hold one server. */
const SOUND: DriftState = {
  overlays: [ID],
  rows: [row()],
  applications: [application()],
  secrets: [secret()],
  busy: [],
};

const OTHER_ID = 'other-k3v9x2';
const OTHER = row({ serverId: OTHER_ID });
const OTHER_SHOWN = application({ serverId: OTHER_ID });

/** What is decided when all of it has been seen for some time. */
function decide(state: DriftState, seenForMs: number): DriftDecision {
  const drifts = findDrift(state);
  const since = new Date(NOW.getTime() - seenForMs);
  return decideDrift(state, drifts, new Map(drifts.map((drift) => [driftKey(drift), since])), NOW);
}

const short = ({ repairs, reported }: DriftDecision) => ({
  repairs: repairs.map(({ kind, serverId }) => `${kind} ${serverId}`),
  reported: reported.map(({ kind, serverId }) => `${kind} ${serverId}`),
});

describe('where git, database and cluster hold the same', () => {
  test.each<[string, DriftState]>([
    ['a server', SOUND],
    ['a server without Secrets', { ...SOUND, secrets: [] }],
    [
      'a server that was never merged',
      { ...SOUND, overlays: [], applications: [], rows: [row({ status: 'pending', deployed: false })] },
    ],
    ['a server that is deleted', { ...SOUND, overlays: [], applications: [], secrets: [], rows: [deletedAgo(1)] }],
    [
      'a server that sleeps',
      {
        ...SOUND,
        overlays: [ID, OTHER_ID],
        rows: [row({ mayIdle: true }), OTHER],
        applications: [application({ hasPods: false }), OTHER_SHOWN],
      },
    ],
    [
      'a stopped server',
      {
        ...SOUND,
        overlays: [ID, OTHER_ID],
        rows: [row({ status: 'stopped' }), OTHER],
        applications: [application({ hasPods: false }), OTHER_SHOWN],
      },
    ],
    ['a server whose pods are not shown, as none are', { ...SOUND, applications: [application({ hasPods: false })] }],
    [
      'a server whose rollout failed, which was told',
      { ...SOUND, rows: [row({ status: 'failed' })], applications: [application({ syncStatus: 'OutOfSync' })] },
    ],
    ['nothing', { overlays: [], rows: [], applications: [], secrets: [], busy: [] }],
  ])('%s is no drift', (_, state) => {
    expect(findDrift(state)).toEqual([]);
  });
});

/** [what, state, within the grace time, after it] */
const TABLE: [string, DriftState, string[], { repairs: string[]; reported: string[] }][] = [
  [
    'an overlay that nobody knows',
    { ...SOUND, rows: [] },
    [],
    { repairs: [], reported: [`overlay-without-row ${ID}`] },
  ],
  [
    'a directory that is no server id, which Argo CD deploys all the same',
    { ...SOUND, overlays: [ID, 'By hand'] },
    [],
    { repairs: [], reported: ['overlay-without-row By hand'] },
  ],
  [
    'a Deployment that was scaled by hand, and stays so',
    { ...SOUND, applications: [application({ syncStatus: 'OutOfSync', outOfSync: [`Deployment mcp-${ID}`] })] },
    [`refresh ${ID}`],
    { repairs: [`refresh ${ID}`], reported: [`application-out-of-sync ${ID}`] },
  ],
  [
    'an overlay that Argo CD cannot compare',
    { ...SOUND, applications: [application({ syncStatus: 'Unknown', hasPods: false })] },
    [`refresh ${ID}`],
    { repairs: [`refresh ${ID}`], reported: [`application-out-of-sync ${ID}`] },
  ],
  [
    'a stopped server that git has pods of',
    { ...SOUND, rows: [row({ status: 'stopped' })] },
    [],
    { repairs: [], reported: [`stopped-with-pods ${ID}`] },
  ],
  [
    'a running server that git has no pods of',
    {
      ...SOUND,
      overlays: [ID, OTHER_ID],
      rows: [row(), OTHER],
      applications: [application({ hasPods: false }), OTHER_SHOWN],
    },
    [],
    { repairs: [], reported: [`running-without-pods ${ID}`] },
  ],
  [
    'an overlay that came back after its server was deleted',
    { ...SOUND, rows: [deletedAgo(1)] },
    [],
    { repairs: [], reported: [`overlay-of-deleted ${ID}`] },
  ],
  [
    'an overlay that a person removed',
    { ...SOUND, overlays: [], applications: [] },
    [],
    { repairs: [`retire ${ID}`], reported: [] },
  ],
  [
    'an overlay without an Application',
    { ...SOUND, applications: [] },
    [`refresh ${ID}`],
    { repairs: [`refresh ${ID}`], reported: [`overlay-without-application ${ID}`] },
  ],
  [
    'an Application that stays behind',
    { ...SOUND, overlays: [], rows: [deletedAgo(1)], secrets: [] },
    [`refresh ${ID}`],
    { repairs: [`refresh ${ID}`], reported: [`application-without-overlay ${ID}`] },
  ],
  [
    'Secrets that nobody knows',
    { ...SOUND, overlays: [], rows: [], applications: [] },
    [],
    { repairs: [], reported: [`secret-without-server ${ID}`] },
  ],
  [
    'Secrets of a server deleted a day ago',
    { ...SOUND, overlays: [], applications: [], rows: [deletedAgo(86_400_000)] },
    [],
    { repairs: [], reported: [] },
  ],
  [
    'Secrets of a server deleted long ago',
    { ...SOUND, overlays: [], applications: [], rows: [deletedAgo(SECRETS_KEPT_MS)] },
    [],
    { repairs: [`remove-secrets ${ID}`], reported: [] },
  ],
  [
    'Secrets of a server deleted long ago, one of them made by a person',
    {
      ...SOUND,
      overlays: [],
      applications: [],
      rows: [deletedAgo(SECRETS_KEPT_MS)],
      secrets: [secret(), secret(false)],
    },
    [],
    { repairs: [], reported: [`secret-without-server ${ID}`] },
  ],
  [
    'Secrets of a server deleted long ago whose pods still run',
    { ...SOUND, overlays: [], rows: [deletedAgo(SECRETS_KEPT_MS)] },
    [`refresh ${ID}`],
    { repairs: [`refresh ${ID}`], reported: [`application-without-overlay ${ID}`, `secret-without-server ${ID}`] },
  ],
];

describe('drift', () => {
  test.each(TABLE)('%s', (_, state, early, late) => {
    expect(short(decide(state, 0))).toEqual({ repairs: early, reported: [] });
    expect(short(decide(state, DRIFT_GRACE_MS - 1))).toEqual({ repairs: early, reported: [] });
    expect(short(decide(state, DRIFT_GRACE_MS))).toEqual(late);
  });

  test.each(TABLE)('%s: nothing while a rollout goes on', (_, state) => {
    expect(findDrift({ ...state, busy: [ID, 'By hand'] })).toEqual([]);
  });

  test('that was never seen before waits its time', () => {
    const state = { ...SOUND, rows: [] };
    expect(decideDrift(state, findDrift(state), new Map(), NOW).reported).toEqual([]);
  });
});

describe('many overlays that vanish at once', () => {
  const ids = Array.from({ length: 20 }, (_, index) => `hello-k3v${String(index).padStart(3, 'x')}`);
  const wiped = (gone: number): DriftState => ({
    overlays: ids.slice(gone),
    rows: ids.map((serverId) => row({ serverId })),
    applications: ids.slice(gone).map((serverId) => application({ serverId })),
    secrets: [],
    busy: [],
  });

  test.each([1, 3, 4])('are taken for deleted when they are %d of 20', (gone) => {
    expect(short(decide(wiped(gone), DRIFT_GRACE_MS))).toMatchObject({
      reported: [],
      repairs: ids.slice(0, gone).map((id) => `retire ${id}`),
    });
  });

  test.each([5, 20])('are told and left alone when they are %d of 20', (gone) => {
    const decision = decide(wiped(gone), DRIFT_GRACE_MS);
    expect(decision).toMatchObject({ repairs: [], heldBack: gone });
    expect(decision.reported).toHaveLength(gone);
    expect(renderDriftIssue(decision).body).toContain(`**${gone} overlays vanished at once**`);
  });
});

test('the issue says what is where, and what to do', () => {
  const { title, body } = renderDriftIssue(decide({ ...SOUND, applications: [] }, DRIFT_GRACE_MS));

  expect(title).toBe('Drift: 1 difference to look at');
  expect(body.split('\n')).toContain(
    '| `hello-k3v9x2` | `servers/hello-k3v9x2/` is there, and Argo CD has no Application for it | Look at the ApplicationSet `mcp-servers`: its conditions say why |',
  );
  expect(redactSecrets(body)).toBe(body);
});
