/** Node id of an issue or pull request, for a comment on it. */
export const READ_ISSUE = `
query ReadIssue($owner: String!, $name: String!, $issue: Int!) {
  repository(owner: $owner, name: $name) {
    issueOrPullRequest(number: $issue) {
      ... on Issue { id }
      ... on PullRequest { id }
    }
  }
}`;
