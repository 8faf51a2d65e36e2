import type { DeploymentsSnapshot } from '../../domain/deployments-snapshot.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import { boundedText } from './bounded-text.ts';
import { type BlobAnswer, type FileAnswer, readBlobText, readFileText } from './file-text.ts';
import { BODY_CHARACTERS_MAX, OVERLAY_FILES_MAX } from './github-limits.ts';
import { emptyRepository } from './parse-source.ts';

interface EntryAnswer {
  name: string;
  type: string;
  object: (BlobAnswer & { entries?: EntryAnswer[] | null }) | null;
}

interface TreeAnswer {
  object: { entries?: EntryAnswer[] | null } | null;
}

interface PullRequestAnswer {
  id: string;
  number: number;
  url: string;
  state: 'OPEN' | 'CLOSED' | 'MERGED';
  isCrossRepository: boolean;
  body: string;
  headRefOid: string;
  mergeCommit: { oid: string } | null;
  mergedBy: { login: string } | null;
}

/** `DeploymentsRepository` of `documents/deployments-repository.ts`. */
export interface DeploymentsAnswer {
  id: string;
  defaultBranchRef: {
    name: string;
    target: { oid?: string; policy?: FileAnswer | null; overlay?: TreeAnswer | null } | null;
  } | null;
  ref?: {
    id: string;
    target: {
      oid?: string;
      parents?: { nodes: ({ oid: string } | null)[] | null };
      overlay?: TreeAnswer | null;
    } | null;
  } | null;
  pullRequests?: { nodes: (PullRequestAnswer | null)[] | null };
}

/** The snapshot and what only the adapter needs: the commit that the branch's head stands on. */
export type DeploymentsRead = DeploymentsSnapshot & {
  branch: (NonNullable<DeploymentsSnapshot['branch']> & { parentSha?: string | null }) | null;
};

/** @throws UserError `repository-empty`, `file-unreadable`, `overlay-too-large`, `overlay-too-deep` */
export function parseDeployments(
  answer: DeploymentsAnswer,
  repository: RepositoryName,
  installationId: number,
): DeploymentsRead {
  const head = answer.defaultBranchRef;
  if (!head?.target?.oid) throw emptyRepository(repository);
  return {
    installationId,
    repository,
    repositoryNodeId: answer.id,
    defaultBranch: head.name,
    headSha: head.target.oid,
    policyText: readFileText(head.target.policy, `"mcp-hosting.yml" of "${fullName(repository)}"`),
    overlay: parseOverlay(head.target.overlay, repository),
    branch: parseBranch(answer.ref, repository),
    pullRequest: parsePullRequest(answer.pullRequests?.nodes ?? [], repository),
  };
}

function parseBranch(ref: DeploymentsAnswer['ref'], repository: RepositoryName): DeploymentsRead['branch'] {
  if (!ref?.target?.oid) return null;
  return {
    refId: ref.id,
    headSha: ref.target.oid,
    parentSha: ref.target.parents?.nodes?.[0]?.oid ?? null,
    overlay: parseOverlay(ref.target.overlay, repository),
  };
}

/** Forks may open pull requests from a branch of the same name: only our own repository's count. */
function parsePullRequest(
  nodes: readonly (PullRequestAnswer | null)[],
  repository: RepositoryName,
): DeploymentsSnapshot['pullRequest'] {
  const newest = nodes.find((node) => node && !node.isCrossRepository);
  if (!newest) return null;
  return {
    repository,
    number: newest.number,
    url: newest.url,
    nodeId: newest.id,
    state: newest.state,
    body: boundedText(newest.body, BODY_CHARACTERS_MAX),
    headSha: newest.headRefOid,
    mergeSha: newest.mergeCommit?.oid ?? null,
    mergedBy: newest.mergedBy?.login ?? null,
  };
}

/** Files by name; those of a folder in it by `folder/name`. */
function parseOverlay(tree: TreeAnswer | null | undefined, repository: RepositoryName): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { path, blob } of flattenEntries(tree?.object?.entries ?? [], '', repository)) {
    const text = readBlobText(blob, `"${path}" of an overlay in "${fullName(repository)}"`);
    if (text !== null) files[path] = text;
  }
  if (Object.keys(files).length > OVERLAY_FILES_MAX) throw tooLarge(repository);
  return files;
}

function flattenEntries(
  entries: readonly EntryAnswer[],
  prefix: string,
  repository: RepositoryName,
): { path: string; blob: BlobAnswer | null }[] {
  return entries.flatMap((entry) => {
    const path = `${prefix}${entry.name}`;
    if (entry.type !== 'tree') return [{ path, blob: entry.object }];
    // The document asks for one folder's entries; what lies deeper was not read and must not be taken for absent.
    if (!entry.object?.entries) throw tooDeep(path, repository);
    return flattenEntries(entry.object.entries, `${path}/`, repository);
  });
}

function tooDeep(path: string, repository: RepositoryName): UserError {
  return new UserError(
    'overlay-too-deep',
    `Cannot read folder "${path}" of an overlay in "${fullName(repository)}": it lies two folders deep, expected one at most`,
    'Move its files up in the deployments repository.',
  );
}

function tooLarge(repository: RepositoryName): UserError {
  return new UserError(
    'overlay-too-large',
    `Cannot read an overlay of "${fullName(repository)}": it holds over ${OVERLAY_FILES_MAX} files, expected at most as many`,
    'Remove files that are no manifests from the folder in the deployments repository.',
  );
}
