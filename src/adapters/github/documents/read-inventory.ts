/** The directories of the servers, and the issues that carry the label of the one about drift. */
export const READ_INVENTORY = `
query ReadInventory($owner: String!, $name: String!, $label: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      target {
        ... on Commit {
          oid
          servers: file(path: "servers") { object { ... on Tree { entries { name type } } } }
        }
      }
    }
    issues(first: 50, labels: [$label], orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { number state body title viewerDidAuthor }
    }
  }
}`;
