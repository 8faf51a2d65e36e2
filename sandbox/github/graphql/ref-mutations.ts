import { authorizePaths, need } from '../access/authorize.ts';
import { readRef } from '../git/refs.ts';
import { GitHubError, unprocessable } from '../github-error.ts';
import { gitDirOf } from '../hub.ts';
import { writeCommitOnBranch } from '../model/commits.ts';
import { createRef, deleteRef, moveRef } from '../model/refs.ts';
import type { Repository } from '../store/entities.ts';
import { findNodeOf, type GraphqlContext, requireWrite } from './context.ts';
import { commitNodeByOid } from './git-objects.ts';
import type { Mutations } from './mutation-root.ts';
import { findRepository, refNode } from './repositories.ts';

interface CommitInput {
  branch: { id?: string | null; repositoryNameWithOwner?: string | null; branchName?: string | null };
  expectedHeadOid: string;
  message: { headline: string; body?: string | null };
  fileChanges?: {
    additions?: { path: string; contents: string }[] | null;
    deletions?: { path: string }[] | null;
  } | null;
}

const WRITE = need('write', 'contents:write');

export function refMutations(context: GraphqlContext): Mutations {
  const { hub } = context;
  return {
    createRef: async (input: { repositoryId: string; name: string; oid: string }) => {
      const { repository } = findNodeOf(context, input.repositoryId, 'Repository');
      const sender = requireWrite(context, repository, WRITE);
      await createRef(hub, repository, sender, { ref: input.name, oid: input.oid }).catch((error: unknown) => {
        throw renameExisting(error, input.name);
      });
      return { ref: await refNode(context, repository, input.name) };
    },
    updateRef: async (input: { refId: string; oid: string; force?: boolean | null }) => {
      const { repository, ref } = findNodeOf(context, input.refId, 'Ref');
      const sender = requireWrite(context, repository, WRITE);
      await moveRef(hub, repository, sender, { ref, oid: input.oid, force: input.force ?? false });
      return { ref: await refNode(context, repository, ref) };
    },
    deleteRef: async (input: { refId: string }) => {
      const { repository, ref } = findNodeOf(context, input.refId, 'Ref');
      await deleteRef(hub, repository, requireWrite(context, repository, WRITE), ref);
      return {};
    },
    createCommitOnBranch: async (input: CommitInput) => {
      const { repository, branch } = findBranch(context, input.branch);
      const sender = requireWrite(context, repository, WRITE);
      await requireBranch(context, repository, branch);
      const { additions, deletions } = input.fileChanges ?? {};
      authorizePaths(
        context.actor,
        [...(additions ?? []), ...(deletions ?? [])].map((file) => file.path),
      );
      const { headline, body } = input.message;
      const oid = await writeCommitOnBranch(hub, repository, sender, {
        branch,
        expectedHead: input.expectedHeadOid,
        message: body ? `${headline}\n\n${body}` : headline,
        changes: {
          additions: (input.fileChanges?.additions ?? []).map(({ path, contents }) => ({
            path,
            content: Buffer.from(contents, 'base64'),
          })),
          deletions: (input.fileChanges?.deletions ?? []).map(({ path }) => path),
        },
      });
      return {
        commit: await commitNodeByOid(context, repository, oid),
        ref: await refNode(context, repository, `refs/heads/${branch}`),
      };
    },
  };
}

/** REST and GraphQL word this one differently. */
function renameExisting(error: unknown, name: string): unknown {
  if (!(error instanceof GitHubError) || error.message !== 'Reference already exists') return error;
  return unprocessable(`A ref named "${name}" already exists in the repository.`);
}

function findBranch(
  context: GraphqlContext,
  wanted: CommitInput['branch'],
): { repository: Repository; branch: string } {
  if (wanted.id) {
    const { repository, ref } = findNodeOf(context, wanted.id, 'Ref');
    return { repository, branch: ref.replace(/^refs\/heads\//, '') };
  }
  const [owner = '', name = ''] = (wanted.repositoryNameWithOwner ?? '').split('/');
  const branch = (wanted.branchName ?? '').replace(/^refs\/heads\//, '');
  return { repository: findRepository(context, owner, name), branch };
}

async function requireBranch({ hub }: GraphqlContext, repository: Repository, branch: string): Promise<void> {
  if (await readRef(gitDirOf(hub, repository), `refs/heads/${branch}`)) return;
  throw new GitHubError('NOT_FOUND', `Could not resolve to a branch named "${branch}".`);
}
