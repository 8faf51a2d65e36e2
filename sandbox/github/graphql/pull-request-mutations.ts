import { need } from '../access/authorize.ts';
import { mergePull } from '../model/merges.ts';
import { createPull, updatePull } from '../model/pulls.ts';
import { accountNode } from './accounts.ts';
import { findNodeOf, type GraphqlContext, requireWrite } from './context.ts';
import type { Mutations } from './mutation-root.ts';
import { pullRequestNode } from './pull-requests.ts';

interface CreateInput {
  repositoryId: string;
  headRepositoryId?: string | null;
  baseRefName: string;
  headRefName: string;
  title: string;
  body?: string | null;
  draft?: boolean | null;
  maintainerCanModify?: boolean | null;
}

interface UpdateInput {
  pullRequestId: string;
  title?: string | null;
  body?: string | null;
  baseRefName?: string | null;
  state?: 'OPEN' | 'CLOSED' | null;
}

interface MergeInput {
  pullRequestId: string;
  mergeMethod?: 'MERGE' | 'SQUASH' | 'REBASE' | null;
  expectedHeadOid?: string | null;
  commitHeadline?: string | null;
  commitBody?: string | null;
}

const WRITE = need('read', 'pull_requests:write');
const MERGE = need('write', 'contents:write');

export function pullRequestMutations(context: GraphqlContext): Mutations {
  const { hub, actor } = context;
  return {
    createPullRequest: async (input: CreateInput) => {
      const { repository } = findNodeOf(context, input.repositoryId, 'Repository');
      const sender = requireWrite(context, repository, WRITE);
      const headRepository = input.headRepositoryId
        ? findNodeOf(context, input.headRepositoryId, 'Repository').repository
        : repository;
      const issue = await createPull(hub, repository, sender, {
        title: input.title,
        body: input.body ?? null,
        head: { repository: headRepository, branch: input.headRefName.replace(/^refs\/heads\//, '') },
        base: input.baseRefName.replace(/^refs\/heads\//, ''),
        draft: input.draft ?? false,
        maintainerCanModify: input.maintainerCanModify ?? true,
        viaApp: actor.kind === 'installation',
      });
      return { pullRequest: pullRequestNode(context, repository, issue) };
    },
    updatePullRequest: async (input: UpdateInput) => {
      const { repository, issue } = findNodeOf(context, input.pullRequestId, 'PullRequest');
      await updatePull(hub, repository, issue, requireWrite(context, repository, WRITE), {
        title: input.title ?? undefined,
        body: input.body ?? undefined,
        base: input.baseRefName ?? undefined,
        state: input.state ? (input.state === 'OPEN' ? 'open' : 'closed') : undefined,
      });
      return { pullRequest: pullRequestNode(context, repository, issue) };
    },
    closePullRequest: async (input: { pullRequestId: string }) => {
      const { repository, issue } = findNodeOf(context, input.pullRequestId, 'PullRequest');
      const sender = requireWrite(context, repository, WRITE);
      await updatePull(hub, repository, issue, sender, { state: 'closed' });
      return { pullRequest: pullRequestNode(context, repository, issue) };
    },
    reopenPullRequest: async (input: { pullRequestId: string }) => {
      const { repository, issue } = findNodeOf(context, input.pullRequestId, 'PullRequest');
      const sender = requireWrite(context, repository, WRITE);
      await updatePull(hub, repository, issue, sender, { state: 'open' });
      return { pullRequest: pullRequestNode(context, repository, issue) };
    },
    mergePullRequest: async (input: MergeInput) => {
      const { repository, issue } = findNodeOf(context, input.pullRequestId, 'PullRequest');
      const sender = requireWrite(context, repository, MERGE);
      await mergePull(hub, repository, issue, sender, {
        method: (input.mergeMethod ?? 'MERGE').toLowerCase() as 'merge' | 'squash' | 'rebase',
        expectedHead: input.expectedHeadOid ?? undefined,
        title: input.commitHeadline ?? undefined,
        message: input.commitBody ?? undefined,
      });
      return { actor: accountNode(hub, sender), pullRequest: pullRequestNode(context, repository, issue) };
    },
  };
}
