import { resolveCommit } from '../git/objects.ts';
import { SHA } from '../git/refs.ts';
import { invalidField, unprocessable } from '../github-error.ts';
import { gitDirOf, type Hub } from '../hub.ts';
import type {
  Account,
  Annotation,
  CheckConclusion,
  CheckRun,
  CheckStatus,
  CheckSuite,
  Repository,
} from '../store/entities.ts';
import { emitCheckRun } from '../webhooks/events.ts';

export interface CheckRunEdit {
  name?: string | undefined;
  externalId?: string | undefined;
  detailsUrl?: string | undefined;
  status?: CheckStatus | undefined;
  conclusion?: CheckConclusion | undefined;
  startedAt?: string | undefined;
  completedAt?: string | undefined;
  output?:
    | { title: string | undefined; summary: string; text: string | undefined; annotations: Annotation[] }
    | undefined;
}

const ANNOTATIONS_PER_REQUEST_MAX = 50;

/** GitHub's limit of `summary` and of `text`, in characters. */
const TEXT_CHARACTERS_MAX = 65_535;

/** @throws GitHubError UNPROCESSABLE where the commit is unknown or a limit is passed */
export async function createCheckRun(
  hub: Hub,
  repository: Repository,
  sender: Account,
  wanted: CheckRunEdit & { name: string; headSha: string },
): Promise<CheckRun> {
  checkOutput(wanted);
  if (!SHA.test(wanted.headSha) || !(await resolveCommit(gitDirOf(hub, repository), wanted.headSha))) {
    throw unprocessable(`No commit found for SHA: ${wanted.headSha}`);
  }
  const run: CheckRun = {
    id: hub.store.nextId(),
    suiteId: ensureCheckSuite(hub, repository, wanted.headSha).id,
    name: wanted.name,
    headSha: wanted.headSha,
    externalId: '',
    detailsUrl: null,
    status: 'queued',
    conclusion: null,
    startedAt: hub.now(),
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
  };
  repository.checkRuns.push(run);
  applyEdit(hub, repository, run, wanted);
  emitCheckRun(hub, { repository, sender }, 'created', run);
  if (run.status === 'completed') emitCheckRun(hub, { repository, sender }, 'completed', run);
  return run;
}

/** @throws GitHubError UNPROCESSABLE where a limit is passed */
export function updateCheckRun(
  hub: Hub,
  repository: Repository,
  run: CheckRun,
  sender: Account,
  edit: CheckRunEdit,
): void {
  checkOutput(edit);
  const before = run.status;
  applyEdit(hub, repository, run, edit);
  if (before !== 'completed' && run.status === 'completed') {
    emitCheckRun(hub, { repository, sender }, 'completed', run);
  }
}

/** A commit has one suite for each App, and there is one App. */
export function ensureCheckSuite(hub: Hub, repository: Repository, headSha: string): CheckSuite {
  const known = repository.checkSuites.find((suite) => suite.headSha === headSha);
  if (known) return known;
  const now = hub.now();
  const suite = { id: hub.store.nextId(), headSha, createdAt: now, updatedAt: now };
  repository.checkSuites.push(suite);
  hub.store.touch(repository);
  return suite;
}

function applyEdit(hub: Hub, repository: Repository, run: CheckRun, edit: CheckRunEdit): void {
  if (edit.name !== undefined) run.name = edit.name;
  if (edit.externalId !== undefined) run.externalId = edit.externalId;
  if (edit.detailsUrl !== undefined) run.detailsUrl = edit.detailsUrl;
  if (edit.startedAt !== undefined) run.startedAt = edit.startedAt;
  if (edit.output) {
    run.title = edit.output.title ?? null;
    run.summary = edit.output.summary;
    run.text = edit.output.text ?? null;
    run.annotations.push(...edit.output.annotations);
  }
  applyStatus(hub, run, edit);
  hub.store.touch(repository);
}

/** A conclusion means completed; a status other than that takes the conclusion away. */
function applyStatus(hub: Hub, run: CheckRun, edit: CheckRunEdit): void {
  if (edit.conclusion !== undefined) {
    run.status = 'completed';
    run.conclusion = edit.conclusion;
    run.completedAt = edit.completedAt ?? hub.now();
    return;
  }
  if (edit.status === undefined) return;
  if (edit.status === 'completed') {
    if (run.conclusion === null) throw invalidField('CheckRun', 'conclusion', 'conclusion is required');
    return;
  }
  run.status = edit.status;
  run.conclusion = null;
  run.completedAt = null;
}

function checkOutput({ output }: CheckRunEdit): void {
  if (!output) return;
  if (output.annotations.length > ANNOTATIONS_PER_REQUEST_MAX) {
    throw invalidField(
      'CheckRun',
      'annotations',
      `Invalid request. No more than ${ANNOTATIONS_PER_REQUEST_MAX} annotations`,
    );
  }
  for (const field of ['summary', 'text'] as const) {
    const length = output[field]?.length ?? 0;
    if (length <= TEXT_CHARACTERS_MAX) continue;
    const message = `Only ${TEXT_CHARACTERS_MAX} characters are allowed; ${length} were supplied.`;
    throw invalidField('CheckRun', field, message);
  }
}
