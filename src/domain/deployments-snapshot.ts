import type { RepositoryName } from './repository.ts';
import type { PullRequestRef } from './rollout.ts';

/** What the deployments repository holds for one server, read in one request. */
export interface DeploymentsSnapshot {
  installationId: number;
  repository: RepositoryName;
  repositoryNodeId: string;
  defaultBranch: string;
  /** Head commit of the default branch. */
  headSha: string;
  /** `mcp-hosting.yml` on the default branch. */
  policyText: string | null;
  /** Files of `servers/<server-id>/` on the default branch, by file name. Empty where there are none. */
  overlay: Record<string, string>;
  /** The branch `mcp-hosting/<server-id>`, with its files. */
  branch: { refId: string; headSha: string; overlay: Record<string, string> } | null;
  /** The newest pull request from that branch, in any state. */
  pullRequest:
    | (PullRequestRef & {
        nodeId: string;
        state: 'OPEN' | 'CLOSED' | 'MERGED';
        body: string;
        headSha: string;
        mergeSha: string | null;
        mergedBy: string | null;
      })
    | null;
}
