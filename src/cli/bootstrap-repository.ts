import {
  createScaffoldRepository,
  type ScaffoldRepository,
  type ScaffoldState,
} from '../adapters/github/scaffold-repository.ts';
import { renderScaffoldPullRequest } from '../domain/reports/scaffold-pull-request.ts';
import { fullName } from '../domain/repository.ts';
import { proposeScaffold, scaffoldPaths } from '../domain/scaffold/propose-scaffold.ts';
import type { Files } from '../domain/scaffold/render-scaffold.ts';
import { parseScaffoldRecord, SCAFFOLD_RECORD, type ScaffoldRecord } from '../domain/scaffold/scaffold-record.ts';
import { UserError } from '../domain/user-error.ts';
import type { BootstrapResult } from './bootstrap-command.ts';
import type { CliContext } from './cli-context.ts';
import { type BootstrapRequest, completeBootstrap } from './complete-bootstrap.ts';
import { connectRepository } from './connect-repository.ts';

/** How often a repository that changed under our hands is read again. */
const TRIES_MAX = 3;

/** Opens the pull request with the scaffold, or brings the open one up to date. */
export async function bootstrapRepository(context: CliContext, request: BootstrapRequest): Promise<BootstrapResult> {
  const access = await connectRepository(context.env, request.settings, request.repository);
  const repository = createScaffoldRepository({ ...access, repository: request.repository });
  try {
    return await propose(repository, request);
  } catch (error) {
    throw isNotFound(error) ? missing(request, error) : error;
  }
}

async function propose(repository: ScaffoldRepository, request: BootstrapRequest): Promise<BootstrapResult> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const first = await repository.read([SCAFFOLD_RECORD]);
    if (!first) {
      if (request.dryRun) return { before: {}, ...render(request, {}, {}) };
      // Options first: a wrong one leaves the repository as it is.
      completeBootstrap(request, undefined);
      await repository.begin();
      continue;
    }
    const state = await repository.read(pathsOf(request, first));
    if (!state || !isSameRecord(first, state)) continue;
    const { after, conflicts, ...words } = render(request, state.present, state.merged);
    const before = state.present;
    if (request.dryRun) return { before, after, conflicts };
    const outcome = await repository.propose(state, { files: after, ...words });
    if (outcome.kind === 'unchanged') return { before, after, conflicts, ...withPullRequest(outcome.pullRequest) };
    if (outcome.kind === 'proposed') {
      const { pullRequest } = outcome;
      return { before, after, conflicts, pullRequest, written: `proposed: ${pullRequest.url}` };
    }
  }
  throw busy(request);
}

function pathsOf(request: BootstrapRequest, { present, merged }: ScaffoldState): string[] {
  const complete = completeBootstrap(request, recordOf(present));
  const paths = [present, merged].flatMap((files) => scaffoldPaths({ ...complete, record: recordOf(files) }));
  return [...new Set(paths)];
}

function recordOf(files: Files): ScaffoldRecord | undefined {
  return parseScaffoldRecord(files[SCAFFOLD_RECORD]);
}

function isSameRecord(first: ScaffoldState, second: ScaffoldState): boolean {
  return (['present', 'merged'] as const).every(
    (side) => first[side][SCAFFOLD_RECORD] === second[side][SCAFFOLD_RECORD],
  );
}

/** @param merged what the default branch has: the pull request tells of all its conflicts, not of the last run's alone */
function render(request: BootstrapRequest, present: Files, merged: Files) {
  const complete = completeBootstrap(request, recordOf(present));
  const proposal = (files: Files) => proposeScaffold({ ...complete, record: recordOf(files), present: files });
  const { files: after, conflicts } = proposal(present);
  const { title, body, commitMessage } = renderScaffoldPullRequest({
    version: complete.version,
    from: recordOf(merged)?.version,
    conflicts: proposal(merged).conflicts,
  });
  return { after, conflicts, title, body, message: commitMessage };
}

function withPullRequest(pullRequest: BootstrapResult['pullRequest'] | null): Pick<BootstrapResult, 'pullRequest'> {
  return pullRequest ? { pullRequest } : {};
}

function busy({ repository }: BootstrapRequest): UserError {
  return new UserError(
    'repository-busy',
    `Cannot propose the scaffold in "${fullName(repository)}": it changed ${TRIES_MAX} times while it was read, expected it to stand still`,
    'Give the command again.',
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof UserError && error.code === 'github-not-found';
}

function missing({ repository }: BootstrapRequest, cause: unknown): UserError {
  const name = fullName(repository);
  return new UserError(
    'deployments-repository-missing',
    `Cannot propose the scaffold in "${name}": GitHub does not show it to this token or App, expected the repository to be there`,
    `Create it with \`gh repo create ${name} --private --add-readme\`, or give the token or the App access to it.`,
    { cause },
  );
}
