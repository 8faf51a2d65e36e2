import type { Hub } from '../hub.ts';
import type { Annotation, CheckRun, CheckSuite, Repository } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewApp } from './app.ts';
import { repositoryHtmlUrl, repositoryUrl } from './repository.ts';

export function viewCheckRun(hub: Hub, repository: Repository, run: CheckRun) {
  const api = `${repositoryUrl(hub, repository)}/check-runs/${run.id}`;
  const html = `${repositoryHtmlUrl(hub, repository)}/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', repository.id, run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url: api,
    html_url: html,
    details_url: run.detailsUrl ?? html,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${api}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: viewApp(hub),
    pull_requests: [],
  };
}

/** The shorter suite that a `check_run` webhook carries. */
export function viewCheckSuiteOfRun(hub: Hub, repository: Repository, suite: CheckSuite) {
  const runs = repository.checkRuns.filter((run) => run.suiteId === suite.id);
  const done = runs.length > 0 && runs.every((run) => run.status === 'completed');
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', repository.id, suite.id),
    head_branch: null,
    head_sha: suite.headSha,
    status: done ? 'completed' : 'queued',
    conclusion: done ? (runs.at(-1)?.conclusion ?? null) : null,
    url: `${repositoryUrl(hub, repository)}/check-suites/${suite.id}`,
    before: null,
    after: null,
    pull_requests: [],
    app: viewApp(hub),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  };
}

export function viewAnnotation(hub: Hub, repository: Repository, run: CheckRun, annotation: Annotation) {
  return {
    path: annotation.path,
    blob_href: `${repositoryUrl(hub, repository)}/contents/${annotation.path}?ref=${run.headSha}`,
    start_line: annotation.startLine,
    end_line: annotation.endLine,
    start_column: annotation.startColumn,
    end_column: annotation.endColumn,
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
    raw_details: annotation.rawDetails,
  };
}
