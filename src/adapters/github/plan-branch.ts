/** Files by their path in the repository. */
export type Files = Readonly<Record<string, string>>;

/** What decides how wanted files get into a pull request. */
export interface BranchState {
  /** Head commit of the default branch, and the files there that are ours to change. */
  headSha: string;
  base: Files;
  branch: { refId: string; headSha: string; parentSha?: string | null; files: Files } | null;
  openPullRequestId: string | null;
}

interface FileChanges {
  additions: { path: string; contents: string }[];
  deletions: { path: string }[];
}

export type BranchPlan =
  /** The default branch holds the files already; a pull request that is still open is closed. */
  | { kind: 'unchanged'; closePullRequestId: string | null }
  | {
      kind: 'write';
      ref: { kind: 'create' } | { kind: 'reset'; refId: string } | { kind: 'keep' };
      /** Null where the branch holds the files already. */
      commit: { expectedHeadSha: string; changes: FileChanges } | null;
      /** Head of the branch when there is no commit. */
      headSha: string;
      pullRequest: { kind: 'create' } | { kind: 'update'; id: string };
    };

/**
 * No branch: make it at the head of the default branch. An open pull request: one more commit on top, since a branch
 * that is reset to its base closes its pull request. A branch that was left over: reset, so that the pull request shows
 * exactly this change; unless an earlier try has committed the very files on the present head.
 */
export function planBranch(state: BranchState, wanted: Files): BranchPlan {
  if (sameFiles(state.base, wanted)) return { kind: 'unchanged', closePullRequestId: state.openPullRequestId };
  const { branch, headSha, base } = state;
  if (!branch) {
    return {
      kind: 'write',
      ref: { kind: 'create' },
      commit: { expectedHeadSha: headSha, changes: changesOf(base, wanted) },
      headSha,
      pullRequest: { kind: 'create' },
    };
  }
  if (state.openPullRequestId) {
    const holds = sameFiles(branch.files, wanted);
    return {
      kind: 'write',
      ref: { kind: 'keep' },
      commit: holds ? null : { expectedHeadSha: branch.headSha, changes: changesOf(branch.files, wanted) },
      headSha: branch.headSha,
      pullRequest: { kind: 'update', id: state.openPullRequestId },
    };
  }
  if (branch.parentSha === headSha && sameFiles(branch.files, wanted)) {
    return {
      kind: 'write',
      ref: { kind: 'keep' },
      commit: null,
      headSha: branch.headSha,
      pullRequest: { kind: 'create' },
    };
  }
  return {
    kind: 'write',
    ref: branch.headSha === headSha ? { kind: 'keep' } : { kind: 'reset', refId: branch.refId },
    commit: { expectedHeadSha: headSha, changes: changesOf(base, wanted) },
    headSha,
    pullRequest: { kind: 'create' },
  };
}

/** What turns one set of files into another, in the order of their paths; contents in base64 as GitHub wants them. */
function changesOf(present: Files, wanted: Files): FileChanges {
  const additions = Object.keys(wanted)
    .filter((path) => present[path] !== wanted[path])
    .sort()
    .map((path) => ({ path, contents: Buffer.from(wanted[path] ?? '', 'utf8').toString('base64') }));
  const deletions = Object.keys(present)
    .filter((path) => !Object.hasOwn(wanted, path))
    .sort()
    .map((path) => ({ path }));
  return { additions, deletions };
}

export function sameFiles(left: Files, right: Files): boolean {
  const paths = Object.keys(left);
  return paths.length === Object.keys(right).length && paths.every((path) => left[path] === right[path]);
}
