import { FILE_TEXT } from './file-text.ts';
import { SOURCE_FILES } from './source-files.ts';

/**
 * The server repository at the commit to be built. A pull request's files come from the last of its commits, which the
 * base repository holds also for a fork.
 */
export const SOURCE_REPOSITORY = `
fragment SourceRepository on Repository {
  id
  databaseId
  isPrivate
  defaultBranchRef {
    id
    name
    target {
      ... on Commit {
        ...SourceFiles
        workflow: file(path: ".github/workflows/mcp-hosting.yml") { type }
      }
    }
  }
  issueOrPullRequest(number: $issue) @include(if: $withIssue) {
    __typename
    ... on Issue { id }
    ... on PullRequest {
      id
      number
      state
      isCrossRepository
      headRefName
      headRefOid
      headRef { id }
      headRepository { name owner { login } }
      commits(last: 1) { nodes { commit { ...SourceFiles } } }
    }
  }
}`;

/** What the fragment needs, and the name of the repository. */
export const SOURCE_VARIABLES = '$owner: String!, $name: String!, $issue: Int!, $withIssue: Boolean!';

/** Reads the server repository alone, where the deployments repository belongs to another installation. */
export const READ_SOURCE = `
query ReadSource(${SOURCE_VARIABLES}) {
  source: repository(owner: $owner, name: $name) { ...SourceRepository }
}
${SOURCE_REPOSITORY}
${SOURCE_FILES}
${FILE_TEXT}`;
