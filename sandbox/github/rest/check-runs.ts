import { need } from '../access/authorize.ts';
import { resolveCommit } from '../git/objects.ts';
import { GitHubError, notFound } from '../github-error.ts';
import { gitDirOf } from '../hub.ts';
import { type CheckRunEdit, createCheckRun, updateCheckRun } from '../model/check-runs.ts';
import type { Annotation, CheckConclusion, CheckRun, CheckStatus } from '../store/entities.ts';
import { viewAnnotation, viewCheckRun } from '../views/check-run.ts';
import { type Fields, isFields, readFields, readList, readNumber, readText } from './fields.ts';
import { paged } from './paging.ts';
import {
  idParam,
  json,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'checks:read');
const WRITE = need('write', 'checks:write');

export const checkRunRoutes: Routes = {
  'POST /repos/{owner}/{repo}/check-runs': repositoryRoute(WRITE, async (call) => {
    requireInstallation(call);
    const { hub, repository, body } = call;
    const run = await createCheckRun(hub, repository, senderOf(call), {
      ...readEdit(body),
      name: readText(body, 'name') ?? '',
      headSha: readText(body, 'head_sha') ?? '',
    });
    return json(viewCheckRun(hub, repository, run), 201);
  }),
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': repositoryRoute(WRITE, (call) => {
    requireInstallation(call);
    const run = checkRunParam(call);
    updateCheckRun(call.hub, call.repository, run, senderOf(call), readEdit(call.body));
    return json(viewCheckRun(call.hub, call.repository, run));
  }),
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}': repositoryRoute(READ, (call) => {
    return json(viewCheckRun(call.hub, call.repository, checkRunParam(call)));
  }),
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations': repositoryRoute(READ, (call) => {
    const run = checkRunParam(call);
    return paged(call, run.annotations, (one) => viewAnnotation(call.hub, call.repository, run, one));
  }),
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': repositoryRoute(READ, listForRef),
};

/** @throws GitHubError FORBIDDEN for anybody but an App: people cannot make check runs */
function requireInstallation(call: RepositoryCall): void {
  if (call.actor.kind !== 'installation') {
    throw new GitHubError('FORBIDDEN', 'You must authenticate via a GitHub App.');
  }
}

function checkRunParam(call: RepositoryCall): CheckRun {
  const id = idParam(call, 'check_run_id');
  const run = call.repository.checkRuns.find((one) => one.id === id);
  if (!run) throw notFound();
  return run;
}

async function listForRef(call: RepositoryCall): Promise<RestAnswer> {
  const { query, hub, repository } = call;
  const sha = await resolveCommit(gitDirOf(hub, repository), call.params.ref ?? '');
  if (!sha) throw notFound();
  const name = query.get('check_name');
  const status = query.get('status');
  const onCommit = repository.checkRuns.filter(
    (run) => run.headSha === sha && (name === null || run.name === name) && (status === null || run.status === status),
  );
  const newest = onCommit.toReversed();
  const latest = newest.filter((run, index) => newest.findIndex((one) => one.name === run.name) === index);
  const runs = query.get('filter') === 'all' ? newest : latest;
  return paged(
    call,
    runs,
    (run) => viewCheckRun(hub, repository, run),
    (page) => ({ total_count: runs.length, check_runs: page }),
  );
}

function readEdit(body: Fields): CheckRunEdit {
  const output = readFields(body, 'output');
  return {
    name: readText(body, 'name'),
    externalId: readText(body, 'external_id'),
    detailsUrl: readText(body, 'details_url'),
    status: readText(body, 'status') as CheckStatus | undefined,
    conclusion: readText(body, 'conclusion') as CheckConclusion | undefined,
    startedAt: readText(body, 'started_at'),
    completedAt: readText(body, 'completed_at'),
    output: output && {
      title: readText(output, 'title'),
      summary: readText(output, 'summary') ?? '',
      text: readText(output, 'text'),
      annotations: (readList(output, 'annotations') ?? []).filter(isFields).map(readAnnotation),
    },
  };
}

function readAnnotation(fields: Fields): Annotation {
  return {
    path: readText(fields, 'path') ?? '',
    startLine: readNumber(fields, 'start_line') ?? 0,
    endLine: readNumber(fields, 'end_line') ?? 0,
    startColumn: readNumber(fields, 'start_column') ?? null,
    endColumn: readNumber(fields, 'end_column') ?? null,
    level: readText(fields, 'annotation_level') as Annotation['level'],
    title: readText(fields, 'title') ?? null,
    message: readText(fields, 'message') ?? '',
    rawDetails: readText(fields, 'raw_details') ?? null,
  };
}
