/**
 * What an earlier try of a report may have made. `checkType: ALL` shows a run also when a newer one of its name stands on
 * the commit; a hundred is what one page holds.
 */
export const FIND_REPORT = `
query FindReport($owner: String!, $name: String!,
  $withCheckRun: Boolean!, $headSha: GitObjectID, $checkName: String,
  $withComment: Boolean!, $issue: Int!,
  $withDeployment: Boolean!, $environments: [String!]) {
  repository(owner: $owner, name: $name) {
    object(oid: $headSha) @include(if: $withCheckRun) {
      ... on Commit {
        checkSuites(first: 20, filterBy: { checkName: $checkName }) {
          nodes {
            checkRuns(first: 100, filterBy: { checkName: $checkName, checkType: ALL }) {
              nodes { id url externalId }
            }
          }
        }
      }
    }
    issueOrPullRequest(number: $issue) @include(if: $withComment) {
      ... on Issue { id comments(last: 100) { nodes { ...CommentMark } } }
      ... on PullRequest { id comments(last: 100) { nodes { ...CommentMark } } }
    }
    deployments(environments: $environments, first: 20, orderBy: { field: CREATED_AT, direction: DESC })
      @include(if: $withDeployment) {
      nodes { id commitOid payload }
    }
  }
}
fragment CommentMark on IssueComment { id url body viewerDidAuthor }`;
