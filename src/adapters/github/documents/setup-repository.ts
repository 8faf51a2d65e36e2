/** How many files one read may ask for; the scaffold of a deployments repository has some fifty. */
const SETUP_FILES_MAX = 200;

/**
 * A repository as the pull request that sets it up sees it. Each file has an alias and a variable of its own, numbered
 * from 0; the paths travel as variables.
 */
export function composeSetupRead(paths: readonly string[]): { document: string; variables: Record<string, string> } {
  if (paths.length > SETUP_FILES_MAX) throw new Error(`Cannot propose ${paths.length} setup files at once`);
  const declared = paths.map((_, index) => `, $path${index}: String!`).join('');
  const files = paths.map((_, index) => `file${index}: file(path: $path${index}) { object { ... on Blob { text } } }`);
  return {
    document: `
query ReadSetup($owner: String!, $name: String!, $branchRef: String!, $branch: String!${declared}) {
  repository(owner: $owner, name: $name) {
    id
    defaultBranchRef { name target { ... on Commit { oid ...SetupFiles } } }
    ref(qualifiedName: $branchRef) {
      id
      target { ... on Commit { oid parents(first: 1) { nodes { oid } } ...SetupFiles } }
    }
    pullRequests(headRefName: $branch, first: 20, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id number url state isCrossRepository }
    }
  }
}
fragment SetupFiles on Commit {
  ${files.join('\n  ')}
}`,
    variables: Object.fromEntries(paths.map((path, index) => [`path${index}`, path])),
  };
}
