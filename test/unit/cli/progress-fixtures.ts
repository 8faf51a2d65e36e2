import type { RolloutProgress } from '../../../src/cli/rollout-progress.ts';
import type { RolloutStage } from '../../../src/domain/rollout.ts';

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');

/** A rollout that entered the given stages, one second each. */
export function progressThrough(
  stages: readonly RolloutStage[],
  changes: Partial<RolloutProgress> = {},
): RolloutProgress {
  const has = (stage: RolloutStage) => stages.includes(stage);
  return {
    id: 'rollout-1',
    serverId: 'hello-q7m2d4',
    kind: 'deploy',
    stage: stages.at(-1) ?? 'accepted',
    triggeredAt: '2026-11-22T10:00:00.000Z',
    stages: stages.map((stage, index) => ({ stage, at: new Date(START_MS + index * 1_000).toISOString() })),
    mergePolicy: 'review',
    source: { commitSha: '4f2c1aa09b6e7d3c5a8f1e2d4b6c8a0f9e7d5c3b' },
    ...(has('proposing') ? { digest: `sha256:${'41c0'.repeat(16)}` } : {}),
    ...(has('proposed') ? { proposal: pullRequest() } : {}),
    ...(has('syncing') ? { merge: { by: 'you' } } : {}),
    ...(has('succeeded') ? { verification: { tools: [{ name: 'greet' }, { name: 'add' }] } } : {}),
    ...changes,
  };
}

export const WHOLE_WAY: readonly RolloutStage[] = [
  'accepted',
  'building',
  'proposing',
  'proposed',
  'syncing',
  'verifying',
  'succeeded',
];

export function pullRequest(): NonNullable<RolloutProgress['proposal']> {
  return {
    repository: { owner: 'acme', name: 'mcp-server-deployments' },
    number: 2,
    url: 'http://127.0.0.1:4001/acme/mcp-server-deployments/pull/2',
  };
}
