import type { Rollout } from '../../../src/domain/rollout.ts';

export const START = new Date('2026-11-22T10:00:00Z');

/** A rollout that a comment began, as `start-rollout.ts` stores it. */
export function rolloutFixture(changes: Partial<Rollout> = {}): Rollout {
  return {
    id: '00000000-0000-4000-8000-000000000001',
    hostedServerId: '00000000-0000-4000-8000-0000000000aa',
    serverId: 'hello-k3v9x2',
    serverName: 'hello',
    kind: 'deploy',
    stage: 'accepted',
    trigger: {
      kind: 'comment',
      commentId: 7,
      commentNodeId: 'IC_7',
      issue: 1,
      url: 'https://github.com/acme/hello/issues/1#issuecomment-7',
    },
    triggeredAt: START.toISOString(),
    requestedBy: 'you',
    source: {
      repository: { owner: 'acme', name: 'hello' },
      repositoryNodeId: 'R_1',
      installationId: 1,
      defaultBranch: 'main',
      commitSha: '4f2c1aa000000000000000000000000000000000',
      refId: 'REF_1',
    },
    issue: 1,
    issueNodeId: 'I_1',
    endpointUrl: 'https://hello-k3v9x2.mcp.example.com/mcp',
    imageRepository: 'ghcr.io/acme/mcp-servers/hello-k3v9x2',
    config: {
      env: [],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
      scaling: { min: 1, max: 1 },
      secrets: 'cluster',
      access: 'private',
      sessions: 'shared',
    },
    runtime: 'node',
    configProblems: [],
    needsSetup: false,
    mergePolicy: 'review',
    reports: {},
    stages: [{ stage: 'accepted', at: START.toISOString() }],
    ...changes,
  };
}
