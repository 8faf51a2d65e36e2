import type { DeploymentsSnapshot } from '../../../src/domain/deployments-snapshot.ts';
import type { ProposalRequest } from '../../../src/ports/github.ts';
import { GitHubProblem } from './fake-github.ts';
import { sha } from './fake-repository.ts';

export const repository = { owner: 'acme', name: 'mcp-server-deployments' };
const rolloutId = '0b6cfa2e-6f5c-4f6e-9f0e-2f1b7f2f0001';
export const marker = `<!-- mcp-hosting:rollout=${rolloutId} -->`;
export const url = 'https://github.test/acme/mcp-server-deployments/pull/9';

export const snapshot: DeploymentsSnapshot = {
  installationId: 5,
  repository,
  repositoryNodeId: 'R_deployments',
  defaultBranch: 'main',
  headSha: sha('d'),
  policyText: null,
  overlay: {},
  branch: null,
  pullRequest: null,
};
export const wanted = { 'kustomization.yaml': 'k: 2\n', 'service.yaml': 's: ü\n' };
export const request: ProposalRequest = {
  serverId: 'hello-x1',
  rolloutId,
  files: wanted,
  title: 'Deploy hello',
  body: `What changes.\n\n${marker}`,
  message: 'Deploy hello\n\nFrom commit a.',
  snapshot,
};
export const openPullRequest = {
  repository,
  number: 9,
  url,
  nodeId: 'PR_9',
  state: 'OPEN' as const,
  body: 'older words',
  headSha: sha('b'),
  mergeSha: null,
  mergedBy: null,
};

export const made = {
  createRef: () => ({ ref: { id: 'REF_new' } }),
  updateRef: () => ({ ref: { id: 'REF_branch' } }),
  createCommitOnBranch: () => ({ commit: { oid: sha('c') } }),
  createPullRequest: () => ({ pullRequest: { id: 'PR_9', number: 9, url, state: 'OPEN' } }),
  updatePullRequest: () => ({ pullRequest: { id: 'PR_9', number: 9, url, state: 'OPEN' } }),
  closePullRequest: () => ({ pullRequest: { id: 'PR_9', number: 9, url, state: 'CLOSED' } }),
};
export const opened = {
  kind: 'opened',
  pullRequest: { repository, number: 9, url, nodeId: 'PR_9' },
  branchHeadSha: sha('c'),
};

/** What `ReadDeployments` finds. */
export function present(deployments: object) {
  return { repository: () => deployments };
}

export function pathed(files: Record<string, string>) {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`servers/hello-x1/${name}`, text]));
}

export function fakePullRequest(fields: object) {
  const base = { id: 'PR_9', number: 9, url, isCrossRepository: false, headRefOid: sha('b'), body: 'older words' };
  return { nodes: [{ ...base, mergeCommit: null, mergedBy: null, ...fields }] };
}

export function refused(type: string, message?: string) {
  return () => {
    throw new GitHubProblem(type, message);
  };
}
