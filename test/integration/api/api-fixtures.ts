import type { HostedServer } from '../../../src/domain/hosted-server.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { newRollout } from '../postgres/fixtures.ts';

export const SERVER: HostedServer = {
  id: '5b7ad1e4-6ad1-4d4f-9d1c-1f0f9e9c8c11',
  conversationId: null,
  serverId: 'hello-k3v9x2',
  serverName: 'hello',
  description: null,
  dockerImage: 'ghcr.io/acme/mcp-servers/hello-k3v9x2',
  imageTag: '4f2c1aa',
  k8sNamespace: 'mcp-servers',
  k8sDeploymentName: 'mcp-hello-k3v9x2',
  endpointUrl: 'https://hello-k3v9x2.mcp.example.com/mcp',
  status: 'running',
  statusMessage: null,
  requestCount: 0,
  lastRequestAt: null,
  createdAt: new Date('2026-11-22T10:00:00Z'),
  updatedAt: new Date('2026-11-22T10:05:00Z'),
  stoppedAt: null,
  deletedAt: null,
  tools: [{ name: 'greet', description: 'Greets' }],
  envVars: ['API_KEY'],
  source: {
    repository: { owner: 'acme', name: 'hello' },
    repositoryId: 1,
    installationId: 42,
    defaultBranch: 'main',
    homeIssue: 3,
    deployed: {
      version: '4f2c1aa',
      digest: `sha256:${'a'.repeat(64)}`,
      replicas: 1,
      source: { commitSha: '4f2c1aa0' },
      config: { access: 'private' },
    } as OverlayInput,
  },
};

export const ROLLOUT: Rollout = newRollout(SERVER, {
  id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  stage: 'proposed',
  build: { runId: 7718, url: 'https://example.com/runs/7718' },
  digest: `sha256:${'a'.repeat(64)}`,
  proposal: {
    repository: { owner: 'acme', name: 'mcp-server-deployments' },
    number: 41,
    url: 'https://example.com/41',
    nodeId: 'PR_secret',
    branchHeadSha: 'b'.repeat(40),
  },
  reports: { checkRunId: 'CR_secret', checkRunUrl: 'https://example.com/check' },
});
