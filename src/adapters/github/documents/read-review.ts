import { FILE_TEXT } from './file-text.ts';

const FOLDER = 'fragment Folder on TreeEntry { object { ... on Tree { entries { name type mode size oid } } } }';

/**
 * A pull request of the deployments repository with all that its check needs but the touched folders. The bot's comment is
 * among the first, as it is made within seconds; a check run of an older outcome is no use, so the latest alone is read.
 */
export const READ_REVIEW = `
query ReadReview($owner: String!, $name: String!, $number: Int!, $head: GitObjectID!, $checkName: String!,
  $folder: String!, $withFolder: Boolean!, $base: GitObjectID, $withBase: Boolean!) {
  repository(owner: $owner, name: $name) {
    id
    defaultBranchRef {
      name
      target {
        ... on Commit {
          oid
          policy: file(path: "mcp-hosting.yml") { ...FileText }
          limitRange: file(path: "base/limit-range.yaml") { ...FileText }
          resourceQuota: file(path: "base/resource-quota.yaml") { ...FileText }
          folder: file(path: $folder) @include(if: $withFolder) { ...Folder }
        }
      }
    }
    base: object(oid: $base) @include(if: $withBase) {
      ... on Commit {
        oid
        policy: file(path: "mcp-hosting.yml") { ...FileText }
        limitRange: file(path: "base/limit-range.yaml") { ...FileText }
        resourceQuota: file(path: "base/resource-quota.yaml") { ...FileText }
      }
    }
    head: object(oid: $head) {
      ... on Commit {
        oid
        message
        policy: file(path: "mcp-hosting.yml") { ...FileText }
        folder: file(path: $folder) @include(if: $withFolder) { ...Folder }
        checkSuites(first: 20, filterBy: { checkName: $checkName }) {
          nodes { checkRuns(first: 10, filterBy: { checkName: $checkName }) { nodes { databaseId externalId status } } }
        }
      }
    }
    pullRequest(number: $number) {
      id
      state
      isCrossRepository
      viewerDidAuthor
      body
      baseRefName
      headRefName
      headRefOid
      changedFiles
      files(first: 100) { nodes { path changeType } }
      comments(first: 100) { nodes { id body viewerDidAuthor } }
    }
  }
}
${FOLDER}
${FILE_TEXT}`;

/** Entries of folders at two commits, by path. */
export function composeFoldersRead(count: number): string {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const variables = indexes.map((index) => `$p${index}: String!`).join(', ');
  const fields = indexes.map((index) => `f${index}: file(path: $p${index}) { ...Folder }`).join('\n        ');
  return `
query ReadFolders($owner: String!, $name: String!, $base: GitObjectID!, $head: GitObjectID!, ${variables}) {
  repository(owner: $owner, name: $name) {
    base: object(oid: $base) {
      ... on Commit {
        ${fields}
      }
    }
    head: object(oid: $head) {
      ... on Commit {
        ${fields}
      }
    }
  }
}
${FOLDER}`;
}

/** Texts of blobs, by object id. */
export function composeTextsRead(count: number): string {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const variables = indexes.map((index) => `$b${index}: GitObjectID!`).join(', ');
  const fields = indexes
    .map((index) => `b${index}: object(oid: $b${index}) { ... on Blob { ...BlobText } }`)
    .join('\n    ');
  return `
query ReadTexts($owner: String!, $name: String!, ${variables}) {
  repository(owner: $owner, name: $name) {
    ${fields}
  }
}
fragment BlobText on Blob {
  byteSize
  isBinary
  isTruncated
  text
}`;
}

/** Open pull requests, and whether their heads have a check run of the name. */
export const LIST_OPEN_PULL_REQUESTS = `
query ListOpenPullRequests($owner: String!, $name: String!, $checkName: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name }
    pullRequests(states: [OPEN], first: 100, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes {
        number
        baseRefName
        headRefOid
        commits(last: 1) {
          nodes {
            commit {
              oid
              checkSuites(first: 20, filterBy: { checkName: $checkName }) { nodes { checkRuns(first: 1, filterBy: { checkName: $checkName }) { nodes { id } } } }
            }
          }
        }
      }
    }
  }
}`;
