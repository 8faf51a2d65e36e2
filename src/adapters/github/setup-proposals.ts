import { SETUP_BRANCH } from '../../domain/branch-names.ts';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import { UserError } from '../../domain/user-error.ts';
import type { SetupProposals } from '../../ports/github.ts';
import type { WriteBudget } from '../../ports/stores.ts';
import type { GitHubClient } from './github-client.ts';
import { emptyRepository } from './parse-source.ts';
import { planBranch } from './plan-branch.ts';
import { type ProposalBranch, readProposalBranch } from './read-proposal-branch.ts';
import { BRANCH_WRITES_MAX, type BranchTarget, lostRace, writeBranch } from './write-branch.ts';

type SetupRequest = Parameters<SetupProposals['proposeSetup']>[0];

interface SetupOptions {
  client: GitHubClient;
  writeBudget: WriteBudget;
}

/** Two requests: a read, and one document that writes. An open setup pull request is brought up to date. */
export function createSetupProposals(options: SetupOptions): SetupProposals {
  return {
    async proposeSetup(request) {
      for (let write = 1; ; write += 1) {
        const { installationId, repository, files } = request;
        const where = { installationId, repository, branch: SETUP_BRANCH, paths: Object.keys(files) };
        const state = await readProposalBranch(options.client, where);
        if (!state) throw emptyRepository(repository);
        const plan = planBranch(state, files);
        if (plan.kind === 'unchanged') return state.newest ?? alreadyThere(repository);
        const target = targetOf(state, request);
        const written = await writeBranch(options, target, plan);
        if (written.kind === 'written') {
          const { number, url } = written.pullRequest;
          return { repository, number, url };
        }
        if (write === BRANCH_WRITES_MAX) throw lostRace(target, written);
      }
    },
  };
}

function targetOf(state: ProposalBranch, request: SetupRequest): BranchTarget {
  const { installationId, repository, title, body, message } = request;
  const { repositoryNodeId, defaultBranch } = state;
  return { installationId, repository, repositoryNodeId, defaultBranch, branch: SETUP_BRANCH, title, body, message };
}

function alreadyThere(repository: RepositoryName): never {
  throw new UserError(
    'setup-not-needed',
    `Cannot propose the build workflow in "${fullName(repository)}": it stands on the default branch, expected it to be absent`,
    'Give the command again.',
  );
}
