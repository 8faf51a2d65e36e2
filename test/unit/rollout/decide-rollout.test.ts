import { describe, expect, test } from '@jest/globals';
import { applyFact, failByDeadline } from '../../../src/domain/decide-rollout.ts';
import { dueEffect, pauseBeforeRetry } from '../../../src/domain/due-effect.ts';
import { ROLLOUT_STAGES, type Rollout, type RolloutStage } from '../../../src/domain/rollout.ts';
import type { RolloutFact } from '../../../src/domain/rollout-fact.ts';
import { PROPOSAL_POLL_MS, RECOVERIES_MAX, SYNC_DEADLINE_MS } from '../../../src/domain/rollout-limits.ts';
import { rolloutFixture, START } from './rollout-fixture.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const proposal: NonNullable<Rollout['proposal']> = {
  repository: { owner: 'acme', name: 'mcp-server-deployments' },
  number: 41,
  url: 'https://github.com/acme/mcp-server-deployments/pull/41',
  nodeId: 'PR_41',
  branchHeadSha: 'b'.repeat(40),
};
const merged: RolloutFact = { kind: 'merged', sha: 'c'.repeat(40), by: 'kim' };
const reported = (stage: RolloutStage): RolloutFact => ({ kind: 'reported', reports: { checkRunId: 'CR_1' }, stage });

function play(start: Rollout, facts: RolloutFact[]): Rollout {
  return facts.reduce((rollout, fact) => applyFact(rollout, fact, START), start);
}

const path: [RolloutFact, RolloutStage, string][] = [
  [reported('accepted'), 'building', 'dispatch-build'],
  [{ kind: 'build-dispatched', runId: 7, url: 'https://x/7' }, 'building', 'wait'],
  [{ kind: 'build-succeeded', digest: DIGEST }, 'proposing', 'propose'],
  [{ kind: 'proposed', proposal, unsetSecrets: [] }, 'proposed', 'report'],
  [reported('proposed'), 'proposed', 'wait'],
  [merged, 'syncing', 'refresh-application'],
  [{ kind: 'refreshed' }, 'syncing', 'observe'],
  [{ kind: 'synced' }, 'verifying', 'verify'],
  [{ kind: 'verified', protocolVersion: '2025-11-25', tools: [], toolCount: 0 }, 'succeeded', 'report'],
  [reported('succeeded'), 'succeeded', 'wait'],
];

describe('a deployment', () => {
  test('goes from the comment to the final report in this order', () => {
    let rollout = rolloutFixture();
    expect(dueEffect(rollout, START)).toEqual({ kind: 'report' });
    for (const [fact, stage, effect] of path) {
      rollout = applyFact(rollout, fact, START);
      expect([fact.kind, rollout.stage, dueEffect(rollout, START).kind]).toEqual([fact.kind, stage, effect]);
    }
    expect(rollout.stages.map(({ stage }) => stage)).toEqual([
      'accepted',
      'building',
      'proposing',
      'proposed',
      'syncing',
      'verifying',
      'succeeded',
    ]);
  });

  test('is the same when every fact comes twice', () => {
    const once = play(
      rolloutFixture(),
      path.map(([fact]) => fact),
    );
    const twice = play(
      rolloutFixture(),
      path.flatMap(([fact]) => [fact, fact]),
    );
    expect(twice).toEqual(once);
  });

  test.each(ROLLOUT_STAGES.filter((stage) => !['succeeded', 'failed', 'cancelled'].includes(stage)))(
    'in stage %s is ended by a failure and by a newer wish',
    (stage) => {
      const failure = { code: 'x', message: 'm', hint: 'h' };
      expect(applyFact(rolloutFixture({ stage }), { kind: 'failed', failure }, START).stage).toBe('failed');
      expect(applyFact(rolloutFixture({ stage }), { kind: 'superseded', reason: 'r' }, START).stage).toBe('cancelled');
    },
  );

  test.each(['succeeded', 'failed', 'cancelled'] as const)(
    'that ended as %s stays ended, whatever comes late',
    (stage) => {
      const ended = rolloutFixture({ stage, reportedStage: stage });
      const late: RolloutFact[] = [
        { kind: 'build-succeeded', digest: DIGEST },
        { kind: 'proposed', proposal, unsetSecrets: [] },
        merged,
        { kind: 'closed', by: 'kim' },
        { kind: 'synced' },
        { kind: 'verified', protocolVersion: 'x', tools: [], toolCount: 0 },
        { kind: 'failed', failure: { code: 'x', message: 'm', hint: 'h' } },
        { kind: 'superseded', reason: 'r' },
      ];
      for (const fact of late) expect(applyFact(ended, fact, START)).toEqual(ended);
    },
  );

  test('skips the build when the commit has an image', () => {
    expect(play(rolloutFixture({ digest: DIGEST }), [reported('accepted')]).stage).toBe('proposing');
  });

  test('with nothing to change goes on to look at the cluster', () => {
    const rollout = play(rolloutFixture({ stage: 'proposing' }), [{ kind: 'unchanged', headSha: 'd'.repeat(40) }]);
    expect([rollout.stage, rollout.merge?.sha]).toEqual(['syncing', 'd'.repeat(40)]);
  });

  test('leaves a merge heard of while it proposes to the effect, which knows the overlay', () => {
    expect(applyFact(rolloutFixture({ stage: 'proposing' }), merged, START).stage).toBe('proposing');
    const found = applyFact(rolloutFixture({ stage: 'proposing' }), { ...merged, found: { proposal } }, START);
    expect([found.stage, found.proposal?.number]).toEqual(['syncing', 41]);
  });

  test('is cancelled by closing its pull request, and says by whom', () => {
    const rollout = applyFact(rolloutFixture({ stage: 'proposed', proposal }), { kind: 'closed', by: 'kim' }, START);
    expect([rollout.stage, rollout.cancelReason]).toEqual([
      'cancelled',
      'The deployment pull request was closed by @kim without a merge.',
    ]);
  });

  test('that was cancelled goes on when its pull request is merged after all, once', () => {
    const closed = play(rolloutFixture({ stage: 'proposed', proposal }), [{ kind: 'closed', by: 'kim' }]);
    const after = play(closed, [reported('cancelled'), merged]);
    expect([after.stage, after.cancelReason, after.merge?.by]).toEqual(['syncing', undefined, 'kim']);
    const replaced = play(after, [{ kind: 'superseded', reason: 'r' }]);
    expect(applyFact(replaced, merged, START)).toEqual(replaced);
  });

  test('under policy auto merges at once, and waits for people where protection wants them', () => {
    const rollout = rolloutFixture({ stage: 'proposed', proposal, mergePolicy: 'auto' });
    expect(dueEffect(rollout, START).kind).toBe('merge');
    const blocked = applyFact(rollout, { kind: 'merge-blocked' }, START);
    expect(dueEffect(blocked, START).kind).toBe('report');
    const checked = applyFact(blocked, { kind: 'checks-passed' }, START);
    expect(dueEffect(checked, START).kind).toBe('merge');
    expect(checked.deadlineAt).toBeDefined();
    expect(dueEffect(applyFact(checked, { kind: 'merge-blocked' }, START), START).kind).toBe('report');
  });

  test('under policy review is not merged since its check passed', () => {
    const rollout = rolloutFixture({ stage: 'proposed', proposal, mergePolicy: 'review' });
    expect(applyFact(rollout, { kind: 'checks-passed' }, START)).toEqual(rollout);
  });

  test('tells anew which values are missing when that changed, and else is silent', () => {
    const found: RolloutFact = { kind: 'proposed', proposal, unsetSecrets: ['A', 'B'] };
    const waiting = applyFact(rolloutFixture({ stage: 'proposing', mergePolicy: 'review' }), found, START);
    const told = applyFact(waiting, reported('proposed'), START);
    const same = applyFact(told, { kind: 'secrets-changed', unsetSecrets: ['A', 'B'] }, START);
    const fewer = applyFact(told, { kind: 'secrets-changed', unsetSecrets: ['B'] }, START);

    expect([waiting, told, same, fewer].map((each) => dueEffect(each, START).kind)).toEqual([
      'report',
      'wait',
      'wait',
      'report',
    ]);
    expect(fewer.unsetSecrets).toEqual(['B']);
  });

  test('waits for a merge queue as long as that takes, and for people once it is out of it', () => {
    const later = new Date(START.getTime() + 86_400_000);
    const proposed = rolloutFixture({
      stage: 'proposed',
      proposal,
      mergePolicy: 'auto',
      deadlineAt: START.toISOString(),
    });
    const queued = applyFact(proposed, { kind: 'merge-queued' }, later);
    const told = applyFact(queued, reported('proposed'), later);
    const out = applyFact(told, { kind: 'dequeued' }, later);

    expect([queued, told, out].map((each) => dueEffect(each, later).kind)).toEqual(['report', 'wait', 'report']);
    expect(dueEffect(told, new Date(later.getTime() + PROPOSAL_POLL_MS)).kind).toBe('poll-proposal');
    expect(applyFact(told, merged, later).stage).toBe('syncing');
    expect(applyFact(out, merged, later).stage).toBe('syncing');
    expect(dueEffect(applyFact(out, { kind: 'checks-passed' }, later), later).kind).toBe('merge');
    expect(applyFact(proposed, { kind: 'dequeued' }, later)).toEqual(proposed);
  });

  test('waits for the setup pull request, and begins anew at the head that has the workflow', () => {
    const rollout = play(rolloutFixture({ needsSetup: true }), [reported('accepted')]);
    expect([rollout.stage, dueEffect(rollout, START).kind]).toEqual(['setup', 'propose-setup']);
    const told = play(rollout, [{ kind: 'setup-proposed', pullRequest: proposal }, reported('setup')]);
    expect(dueEffect(told, START)).toEqual({ kind: 'wait', forMs: null });
    const resumed = play(told, [{ kind: 'setup-merged', changes: { digest: DIGEST } }]);
    expect([resumed.stage, resumed.needsSetup, dueEffect(resumed, START).kind]).toEqual(['accepted', false, 'report']);
  });

  test('that failed after its merge goes on once the cluster is well, but not when its endpoint was dead', () => {
    const failure = { code: 'secret-missing', message: 'm', hint: 'h' };
    const failed = rolloutFixture({ stage: 'failed', merge: { sha: 'c'.repeat(40), by: null }, failure });
    expect(applyFact(failed, { kind: 'recovered' }, START)).toMatchObject({ stage: 'syncing' });
    expect(applyFact(failed, { kind: 'recovered' }, START).failure).toBeUndefined();
    const dead = { ...failed, failure: { ...failure, code: 'verify-timed-out' } };
    expect(applyFact(dead, { kind: 'recovered' }, START)).toEqual(dead);
  });

  test('goes on by itself a few times, not for ever', () => {
    const failure = { code: 'server-crashed', message: 'm', hint: 'h' };
    let rollout = rolloutFixture({ stage: 'syncing', merge: { sha: 'c'.repeat(40), by: null } });
    let recoveries = -1;
    while (rollout.stage === 'syncing') {
      recoveries += 1;
      rollout = play(rollout, [{ kind: 'failed', failure }, reported('failed'), { kind: 'recovered' }]);
    }
    expect(recoveries).toBe(RECOVERIES_MAX);
  });
});

describe('a wait', () => {
  test.each(['accepted', 'building', 'proposing', 'syncing', 'verifying'] as const)(
    'in stage %s ends in a failure with a cure',
    (stage) => {
      const entered = applyFact(rolloutFixture({ stage: 'setup' }), { kind: 'setup-merged', changes: {} }, START);
      const rollout = { ...entered, stage, deadlineAt: START.toISOString() };
      expect(dueEffect(rollout, START).kind).toBe('fail-by-deadline');
      const failed = failByDeadline(rollout, START);
      expect(failed.stage).toBe('failed');
      expect(failed.failure?.hint).toMatch(/\.$/);
    },
  );

  test.each(['building', 'proposing', 'syncing', 'verifying'] as const)(
    'is bounded when stage %s is entered',
    (stage) => {
      const before: Record<string, [Partial<Rollout>, RolloutFact]> = {
        building: [{ stage: 'accepted' }, reported('accepted')],
        proposing: [{ stage: 'building' }, { kind: 'build-succeeded', digest: DIGEST }],
        syncing: [{ stage: 'proposed' }, merged],
        verifying: [{ stage: 'syncing' }, { kind: 'synced' }],
      };
      const [changes, fact] = before[stage] as [Partial<Rollout>, RolloutFact];
      const entered = applyFact(rolloutFixture(changes), fact, START);
      expect(entered.stage).toBe(stage);
      expect(Date.parse(entered.deadlineAt ?? '')).toBeGreaterThan(START.getTime());
    },
  );

  test('for the setup pull request to be opened is bounded, for its merge it is not', () => {
    const opening = play(rolloutFixture({ needsSetup: true }), [reported('accepted')]);
    expect(failByDeadline(opening, START).failure?.code).toBe('github-timed-out');
    expect(Date.parse(opening.deadlineAt ?? '')).toBeGreaterThan(START.getTime());
    const opened = play(opening, [{ kind: 'setup-proposed', pullRequest: proposal }]);
    expect(opened.deadlineAt).toBeUndefined();
  });

  test('for a merge by the bot is bounded; then people may merge, without a bound', () => {
    const auto = rolloutFixture({ stage: 'proposing', mergePolicy: 'auto' });
    const proposed = play(auto, [{ kind: 'proposed', proposal, unsetSecrets: [] }]);
    const deadline = new Date(proposed.deadlineAt ?? '');
    expect(dueEffect(proposed, deadline).kind).toBe('fail-by-deadline');
    const left = failByDeadline(proposed, deadline);
    expect([left.stage, left.mergePolicy, left.deadlineAt]).toEqual(['proposed', 'review', undefined]);
    expect(dueEffect(left, deadline).kind).toBe('report');
    expect(play(proposed, [{ kind: 'merge-blocked' }]).deadlineAt).toBeUndefined();
  });

  test('for people to be told of an end is bounded, and leaves the end as it is', () => {
    const failed = play(rolloutFixture(), [{ kind: 'failed', failure: { code: 'x', message: 'm', hint: 'h' } }]);
    expect(dueEffect(failed, START).kind).toBe('report');
    const deadline = new Date(failed.deadlineAt ?? '');
    const settled = failByDeadline(failed, deadline);
    expect([settled.stage, settled.reportedStage, settled.failure?.code]).toEqual(['failed', 'failed', 'x']);
    expect(dueEffect(settled, deadline)).toEqual({ kind: 'wait', forMs: null });
  });

  test('for Argo CD ends with what it said last, which the next stage forgets', () => {
    const because = 'Argo CD: OutOfSync (Deployment mcp-hello-k3v9x2), Healthy';
    const waiting = applyFact(rolloutFixture({ stage: 'syncing' }), { kind: 'not-synced', because }, START);

    expect(failByDeadline(waiting, START).failure?.message).toContain(`15 minutes; last: ${because}.`);
    expect(applyFact(waiting, { kind: 'synced' }, START).lastProblem).toBeUndefined();
  });

  test('between tries is as long as was asked for, and grows to a minute', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 1_000].map((tries) => pauseBeforeRetry(5_000, tries));
    expect(pauses).toEqual([5_000, 5_000, 5_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(pauseBeforeRetry(3_600_000, 9)).toBe(3_600_000);
  });

  test('for secrets has no bound, is told once for each set of names, and ends when they have come', () => {
    const syncing = {
      ...play(
        rolloutFixture(),
        path.slice(0, 7).map(([fact]) => fact),
      ),
      refreshed: true,
    };
    const missing = (...names: string[]): RolloutFact => ({
      kind: 'secrets-missing',
      names,
      message: `${names.join()} not set.`,
      hint: 'Set them.',
    });
    const later = new Date(START.getTime() + 30 * 24 * 3_600_000);

    const waiting = applyFact(syncing, missing('A', 'B'), START);
    const told = applyFact(waiting, reported('syncing'), START);
    const still = applyFact(told, missing('A', 'B'), later);
    const fewer = applyFact(still, missing('B'), later);
    const set = applyFact(
      applyFact(fewer, reported('syncing'), later),
      { kind: 'not-synced', because: 'Argo CD: Synced, Progressing' },
      later,
    );

    expect(waiting).toMatchObject({ stage: 'syncing', missingSecrets: { names: ['A', 'B'], told: false } });
    expect([waiting, told, still, fewer].map((each) => each.deadlineAt)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([waiting, told, still, fewer, set].map((each) => dueEffect(each, later).kind)).toEqual([
      'report',
      'observe',
      'observe',
      'report',
      'observe',
    ]);
    expect(set).not.toHaveProperty('missingSecrets');
    expect(set.deadlineAt).toBe(new Date(later.getTime() + SYNC_DEADLINE_MS).toISOString());
    expect(applyFact(fewer, { kind: 'synced' }, later)).not.toHaveProperty('missingSecrets');
    expect(applyFact(applyFact(syncing, { kind: 'synced' }, START), missing('A'), START).stage).toBe('verifying');
  });

  test('for a person has no bound', () => {
    const rollout = applyFact(
      rolloutFixture({ stage: 'proposing' }),
      { kind: 'proposed', proposal, unsetSecrets: [] },
      START,
    );
    expect(rollout.deadlineAt).toBeUndefined();
  });
});

describe('stop, start and delete', () => {
  test.each(['stop', 'start', 'delete'] as const)('%s proposes without a build', (kind) => {
    expect(applyFact(rolloutFixture({ kind }), reported('accepted'), START).stage).toBe('proposing');
  });

  test('only a start is verified by a handshake', () => {
    const synced = (kind: Rollout['kind']) =>
      applyFact(rolloutFixture({ kind, stage: 'syncing' }), { kind: 'synced' }, START);
    expect([synced('start').stage, synced('stop').stage, synced('delete').stage]).toEqual([
      'verifying',
      'succeeded',
      'succeeded',
    ]);
  });
});
