import { FILE_TEXT } from './file-text.ts';

/**
 * The deployments repository as one server sees it: policy, overlay, branch and pull requests. Twenty pull requests are
 * read since forks may have a branch of the same name; those are passed over.
 */
export const DEPLOYMENTS_REPOSITORY = `
fragment DeploymentsRepository on Repository {
  id
  defaultBranchRef {
    name
    target {
      ... on Commit {
        oid
        policy: file(path: "mcp-hosting.yml") { ...FileText }
        overlay: file(path: $overlayPath) @include(if: $withServer) { ...OverlayTree }
      }
    }
  }
  ref(qualifiedName: $branchRef) @include(if: $withServer) {
    id
    target {
      ... on Commit {
        oid
        parents(first: 1) { nodes { oid } }
        overlay: file(path: $overlayPath) { ...OverlayTree }
      }
    }
  }
  pullRequests(headRefName: $branch, first: 20, orderBy: { field: CREATED_AT, direction: DESC })
    @include(if: $withServer) {
    nodes {
      id
      number
      url
      state
      isCrossRepository
      body
      headRefOid
      mergeCommit { oid }
      mergedBy { login }
    }
  }
}
fragment OverlayTree on TreeEntry {
  object {
    ... on Tree {
      entries {
        name
        type
        object {
          ... on Blob { ...BlobText }
          ... on Tree { entries { name type object { ... on Blob { ...BlobText } } } }
        }
      }
    }
  }
}`;

export const DEPLOYMENTS_VARIABLES = `$deploymentsOwner: String!, $deploymentsName: String!, $withServer: Boolean!,
  $overlayPath: String!, $branchRef: String!, $branch: String!`;

export const READ_DEPLOYMENTS = `
query ReadDeployments(${DEPLOYMENTS_VARIABLES}) {
  deployments: repository(owner: $deploymentsOwner, name: $deploymentsName) { ...DeploymentsRepository }
}
${DEPLOYMENTS_REPOSITORY}
${FILE_TEXT}`;
