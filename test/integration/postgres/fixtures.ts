import { randomUUID } from 'node:crypto';
import type { HostedServer } from '../../../src/domain/hosted-server.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import type { NewHostedServer } from '../../../src/ports/stores.ts';

export function newServer(overrides: Partial<NewHostedServer> = {}): NewHostedServer {
  return {
    serverId: 'hello-k3v9x2',
    serverName: 'hello',
    description: null,
    conversationId: null,
    dockerImage: 'ghcr.io/acme/mcp-servers/hello-k3v9x2',
    k8sNamespace: 'mcp-servers',
    endpointUrl: 'https://hello-k3v9x2.mcp.example.com/mcp',
    source: {
      repository: { owner: 'acme', name: 'hello' },
      repositoryId: 1_000_000_000_001,
      installationId: 42,
      defaultBranch: 'main',
    },
    ...overrides,
  };
}

export function newRollout(server: HostedServer, overrides: Partial<Rollout> = {}): Rollout {
  return {
    id: randomUUID(),
    hostedServerId: server.id,
    serverId: server.serverId,
    serverName: server.serverName,
    kind: 'deploy',
    stage: 'accepted',
    trigger: { kind: 'api', requestId: randomUUID() },
    triggeredAt: '2026-11-22T10:00:00.000Z',
    requestedBy: 'kim',
    source: {
      repository: server.source.repository,
      repositoryNodeId: 'R_1',
      installationId: 42,
      defaultBranch: 'main',
      commitSha: '4f2c1aa0000000000000000000000000000000aa',
    },
    endpointUrl: server.endpointUrl,
    imageRepository: server.dockerImage,
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
    stages: [{ stage: 'accepted', at: '2026-11-22T10:00:00.000Z' }],
    ...overrides,
  };
}
