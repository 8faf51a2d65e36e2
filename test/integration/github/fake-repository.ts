/** Objects that answer GitHub's GraphQL fields for the tests: a commit knows its files. */

export interface FakeCommit {
  __typename: 'Commit';
  oid: string;
  file: (arguments_: { path: string }) => object | null;
  parents: () => object;
}

export type FakeFiles = Record<string, string | FakeBlob>;

interface FakeBlob {
  text: string | null;
  isBinary?: boolean;
  isTruncated?: boolean;
  byteSize?: number;
  mode?: number;
}

export const sha = (digit: string) => digit.repeat(40);

export function fakeCommit(oid: string, files: FakeFiles, parentSha?: string): FakeCommit {
  return {
    __typename: 'Commit',
    oid,
    file: ({ path }) => fakeEntry(files, path),
    parents: () => ({ nodes: parentSha === undefined ? [] : [{ oid: parentSha }] }),
  };
}

function fakeEntry(files: FakeFiles, path: string): object | null {
  const file = files[path];
  if (file !== undefined) return blobEntry(path, file);
  const inside = Object.keys(files).filter((candidate) => candidate.startsWith(`${path}/`));
  if (inside.length === 0) return null;
  const names = [...new Set(inside.map((candidate) => candidate.slice(path.length + 1).split('/')[0] as string))];
  const entries = names.map((name) => fakeEntry(files, `${path}/${name}`));
  return { name: path.split('/').at(-1), type: 'tree', mode: 0o40000, object: { __typename: 'Tree', entries } };
}

function blobEntry(path: string, file: string | FakeBlob): object {
  const blob = typeof file === 'string' ? { text: file } : file;
  const { mode = 0o100644, text, isBinary = false, isTruncated = false, byteSize = text?.length ?? 0 } = blob;
  return {
    name: path.split('/').at(-1),
    type: 'blob',
    mode,
    object: { __typename: 'Blob', byteSize, isBinary, isTruncated, text },
  };
}

export function fakeSource(commit: FakeCommit, more: object = {}): object {
  return {
    id: 'R_source',
    databaseId: 7,
    isPrivate: false,
    defaultBranchRef: { id: 'REF_main', name: 'main', target: commit },
    ...more,
  };
}

export function fakeDeployments(commit: FakeCommit, more: object = {}): object {
  return {
    id: 'R_deployments',
    defaultBranchRef: { id: 'REF_dmain', name: 'main', target: commit },
    ref: null,
    pullRequests: { nodes: [] },
    ...more,
  };
}

/** `repository(owner:, name:)` of both repositories. */
export function repositories(source: object | null, deployments: object | null) {
  return ({ name }: { name: string }) => (name === 'mcp-server-deployments' ? deployments : source);
}
