import { need } from '../access/authorize.ts';
import { invalidField, notFound } from '../github-error.ts';
import { ensureLabel } from '../model/labels.ts';
import type { Issue } from '../store/entities.ts';
import { viewLabel, viewLabels } from '../views/issue.ts';
import { isFields, readList, readText, readTexts } from './fields.ts';
import { paged } from './paging.ts';
import { issueParam, json, type RepositoryCall, type RestAnswer, type Routes, repositoryRoute } from './route.ts';

const READ = need('read', 'issues:read', 'pull_requests:read');
const WRITE = need('triage', 'issues:write', 'pull_requests:write');

export const labelRoutes: Routes = {
  'GET /repos/{owner}/{repo}/labels': repositoryRoute(READ, (call) => {
    return paged(call, call.repository.labels, (one) => viewLabel(call.hub, call.repository, one));
  }),
  'POST /repos/{owner}/{repo}/labels': repositoryRoute(WRITE, (call) => {
    const name = readText(call.body, 'name') ?? '';
    if (call.repository.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) {
      throw invalidField('Label', 'name', 'already_exists');
    }
    const label = ensureLabel(call.hub, call.repository, name);
    label.color = readText(call.body, 'color') ?? label.color;
    label.description = readText(call.body, 'description') ?? null;
    return json(viewLabel(call.hub, call.repository, label), 201);
  }),
  'GET /repos/{owner}/{repo}/issues/{issue_number}/labels': repositoryRoute(READ, (call) => {
    return json(viewLabels(call.hub, call.repository, issueParam(call).labels));
  }),
  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': repositoryRoute(WRITE, (call) => {
    const issue = issueParam(call);
    return setLabels(call, issue, [...issue.labels, ...namesOf(call)]);
  }),
  'PUT /repos/{owner}/{repo}/issues/{issue_number}/labels': repositoryRoute(WRITE, (call) => {
    return setLabels(call, issueParam(call), namesOf(call));
  }),
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}': repositoryRoute(WRITE, (call) => {
    const issue = issueParam(call);
    const name = call.params.name?.toLowerCase();
    if (!issue.labels.some((label) => label.toLowerCase() === name)) throw notFound('Label does not exist');
    return setLabels(
      call,
      issue,
      issue.labels.filter((label) => label.toLowerCase() !== name),
    );
  }),
};

/** GitHub takes `{labels: [...]}` of names or of objects, and a bare array of names. */
function namesOf(call: RepositoryCall): string[] {
  const listed = readList(call.body, 'labels') ?? [];
  const objects = listed.filter(isFields).flatMap((label) => readText(label, 'name') ?? []);
  return [...(readTexts(call.body, 'labels') ?? []), ...objects];
}

function setLabels(call: RepositoryCall, issue: Issue, names: string[]): RestAnswer {
  issue.labels = [...new Set(names.map((name) => ensureLabel(call.hub, call.repository, name).name))];
  call.hub.store.touch(call.repository);
  return json(viewLabels(call.hub, call.repository, issue.labels));
}
