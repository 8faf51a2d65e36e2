import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import type { ReportView } from '../../../src/domain/reports/report-view.ts';
import type { Rollout, RolloutStage } from '../../../src/domain/rollout.ts';
import type { ServerConfig } from '../../../src/domain/server-config.ts';

export const COMMIT_SHA = '4f2c1aa09b6e7d3c5a8f1e2d4b6c8a0f9e7d5c3b';
const DIGEST = `sha256:${'9b1e'.repeat(16)}`;

const CONFIG: ServerConfig = {
  env: ['STRIPE_API_KEY'],
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  scaling: { min: 1, max: 1 },
  secrets: 'cluster',
  access: 'private',
  sessions: 'shared',
};

const ROUTE_TO_SUCCESS: readonly [RolloutStage, number][] = [
  ['accepted', 0],
  ['building', 1_200],
  ['proposing', 62_200],
  ['proposed', 64_200],
  ['syncing', 86_200],
  ['verifying', 100_200],
  ['succeeded', 100_600],
];

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');

export function overlayInput(changes: Partial<OverlayInput> = {}): OverlayInput {
  return {
    serverId: 'stripe-k3v9x2',
    serverName: 'stripe',
    namespace: 'mcp-servers',
    image: 'ghcr.io/acme/mcp-servers/stripe-k3v9x2',
    digest: DIGEST,
    version: '4f2c1aa',
    replicas: 1,
    host: 'stripe-k3v9x2.mcp.example.com',
    route: { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateways' },
    source: { repository: { owner: 'acme', name: 'stripe-server' }, commitSha: COMMIT_SHA },
    config: { resources: CONFIG.resources, env: CONFIG.env, access: CONFIG.access, sessions: CONFIG.sessions },
    ...changes,
  };
}

/** A rollout as it stands when `stage` was just entered; an end is reached from `verifying` unless told otherwise. */
export function rolloutAt(stage: RolloutStage, changes: Partial<Rollout> = {}): Rollout {
  const reached = stagesUntil(stage);
  const has = (name: RolloutStage) => reached.some((entry) => entry.stage === name);
  return {
    id: '0d5f7a52-9d0b-4c63-a3a4-6f3c1f2b8e11',
    hostedServerId: '8c1d2e3f-0000-4000-8000-000000000001',
    serverId: 'stripe-k3v9x2',
    serverName: 'stripe',
    kind: 'deploy',
    stage,
    trigger: {
      kind: 'comment',
      commentId: 1001,
      commentNodeId: 'IC_1001',
      issue: 7,
      url: 'https://github.com/acme/stripe-server/issues/7#issuecomment-1001',
    },
    triggeredAt: '2026-11-22T09:59:59.000Z',
    requestedBy: 'sam',
    source: {
      repository: { owner: 'acme', name: 'stripe-server' },
      repositoryNodeId: 'R_1',
      installationId: 11,
      defaultBranch: 'main',
      commitSha: COMMIT_SHA,
      refId: 'REF_main',
    },
    issue: 7,
    issueNodeId: 'I_7',
    endpointUrl: 'https://stripe-k3v9x2.mcp.example.com/mcp',
    imageRepository: 'ghcr.io/acme/mcp-servers/stripe-k3v9x2',
    config: CONFIG,
    runtime: 'node',
    configProblems: [],
    needsSetup: false,
    mergePolicy: 'review',
    reports: {},
    stages: reached,
    ...(has('building')
      ? { build: { runId: 7718, url: 'https://github.com/acme/stripe-server/actions/runs/7718' } }
      : {}),
    ...(has('proposing') ? { digest: DIGEST, overlay: overlayInput() } : {}),
    ...(has('proposed') ? { proposal: proposal() } : {}),
    ...(has('syncing') ? { merge: { sha: 'aa'.repeat(20), by: 'kim' } } : {}),
    ...(stage === 'succeeded' ? { verification: verification() } : {}),
    ...changes,
  };
}

function proposal(): NonNullable<Rollout['proposal']> {
  return {
    repository: { owner: 'acme', name: 'mcp-server-deployments' },
    number: 41,
    url: 'https://github.com/acme/mcp-server-deployments/pull/41',
    nodeId: 'PR_41',
    branchHeadSha: 'bb'.repeat(20),
  };
}

export function verification(): NonNullable<Rollout['verification']> {
  const names = ['create_payment_link', 'list_customers', 'refund', 'search'];
  return { protocolVersion: '2025-11-25', tools: names.map((name) => ({ name })) };
}

/** Two seconds into the rollout's present stage. */
export function viewOf(rollout: Rollout, server: Partial<ReportView['server']> = {}): ReportView {
  const enteredMs = Date.parse(rollout.stages.at(-1)?.at ?? '2026-11-22T10:00:00.000Z');
  return {
    rollout,
    server: { tools: null, status: 'deploying', ...server },
    now: new Date(enteredMs + 2_000),
    githubWebUrl: 'https://github.com',
  };
}

function stagesUntil(stage: RolloutStage): Rollout['stages'] {
  const index = ROUTE_TO_SUCCESS.findIndex(([name]) => name === stage);
  if (index >= 0)
    return ROUTE_TO_SUCCESS.slice(0, index + 1).map(([name, afterMs]) => ({ stage: name, at: at(afterMs) }));
  if (stage === 'setup') {
    return [
      { stage: 'accepted', at: at(0) },
      { stage: 'setup', at: at(900) },
    ];
  }
  return [...stagesUntil('verifying'), { stage, at: at(280_200) }];
}

/** The stages of a rollout that ended in `end` while it was in `last`. */
export function endedIn(last: RolloutStage, end: 'failed' | 'cancelled'): Rollout['stages'] {
  const before = stagesUntil(last);
  const enteredMs = Date.parse(before.at(-1)?.at ?? at(0));
  return [...before, { stage: end, at: new Date(enteredMs + 40_000).toISOString() }];
}

function at(afterMs: number): string {
  return new Date(START_MS + afterMs).toISOString();
}
