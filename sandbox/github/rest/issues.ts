import { mayDo, need } from '../access/authorize.ts';
import { notFound } from '../github-error.ts';
import { createComment, deleteComment, findComment, updateComment } from '../model/comments.ts';
import { createIssue, updateIssue } from '../model/issues.ts';
import { updatePull } from '../model/pulls.ts';
import type { Issue } from '../store/entities.ts';
import { viewComment, viewIssue } from '../views/issue.ts';
import type { PullIssue } from '../views/pull-request.ts';
import { isFields, readList, readNullableText, readText } from './fields.ts';
import { paged } from './paging.ts';
import {
  idParam,
  issueParam,
  isViaApp,
  json,
  noContent,
  type RepositoryCall,
  type RestAnswer,
  type Routes,
  repositoryRoute,
  senderOf,
} from './route.ts';

const READ = need('read', 'issues:read', 'pull_requests:read');
const OPEN = need('read', 'issues:write', 'pull_requests:write');
const TRIAGE = need('triage', 'issues:write', 'pull_requests:write');

export const issueRoutes: Routes = {
  'POST /repos/{owner}/{repo}/issues': repositoryRoute(need('read', 'issues:write'), (call) => {
    const { hub, repository, body } = call;
    const issue = createIssue(hub, repository, senderOf(call), {
      title: String(body.title ?? ''),
      body: readText(body, 'body') ?? null,
      labels: labelNames(call) ?? [],
      viaApp: isViaApp(call),
    });
    return json(viewIssue(hub, repository, issue), 201);
  }),
  'GET /repos/{owner}/{repo}/issues': repositoryRoute(READ, listIssues),
  'GET /repos/{owner}/{repo}/issues/{issue_number}': repositoryRoute(READ, (call) => {
    return json(viewIssue(call.hub, call.repository, issueParam(call)));
  }),
  'PATCH /repos/{owner}/{repo}/issues/{issue_number}': repositoryRoute(OPEN, editIssue),
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': repositoryRoute(OPEN, (call) => {
    const { hub, repository, actor } = call;
    const issue = issueParam(call);
    const comment = createComment(hub, repository, issue, senderOf(call), {
      body: readText(call.body, 'body') ?? '',
      viaApp: isViaApp(call),
      mayWrite: mayDo(hub, repository, actor, need('write', 'issues:write')),
    });
    return json(viewComment(hub, repository, issue, comment), 201);
  }),
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': repositoryRoute(READ, (call) => {
    const issue = issueParam(call);
    const since = call.query.get('since');
    const comments = issue.comments.filter((one) => since === null || Date.parse(one.updatedAt) >= Date.parse(since));
    return paged(call, comments, (one) => viewComment(call.hub, call.repository, issue, one));
  }),
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}': repositoryRoute(READ, (call) => {
    const { issue, comment } = commentParam(call);
    return json(viewComment(call.hub, call.repository, issue, comment));
  }),
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': repositoryRoute(OPEN, (call) => {
    const subject = ownComment(call);
    updateComment(call.hub, subject, senderOf(call), readText(call.body, 'body') ?? '');
    return json(viewComment(call.hub, call.repository, subject.issue, subject.comment));
  }),
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': repositoryRoute(OPEN, (call) => {
    deleteComment(call.hub, ownComment(call), senderOf(call));
    return noContent();
  }),
  'PUT /repos/{owner}/{repo}/issues/{issue_number}/lock': repositoryRoute(TRIAGE, (call) => setLocked(call, true)),
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/lock': repositoryRoute(TRIAGE, (call) => setLocked(call, false)),
};

/** @throws GitHubError NOT_FOUND */
export function commentParam(call: RepositoryCall) {
  const subject = findComment(call.repository, idParam(call, 'comment_id'));
  if (!subject) throw notFound();
  return subject;
}

/** A comment that the caller may change: its own, or anybody's for those who may write. */
function ownComment(call: RepositoryCall) {
  const subject = commentParam(call);
  const own = subject.comment.accountId === senderOf(call).id;
  if (!own && !mayDo(call.hub, call.repository, call.actor, need('write', 'issues:write'))) throw notFound();
  return subject;
}

function listIssues(call: RepositoryCall): Promise<RestAnswer> {
  const { query, repository, hub } = call;
  const state = query.get('state') ?? 'open';
  const labels = query.get('labels')?.split(',').filter(Boolean) ?? [];
  const creator = query.get('creator');
  const since = query.get('since');
  const matching = repository.issues.filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      labels.every((label) => issue.labels.includes(label)) &&
      (creator === null || hub.store.account(issue.accountId).login === creator) &&
      (since === null || Date.parse(issue.updatedAt) >= Date.parse(since)),
  );
  const newestFirst = query.get('direction') !== 'asc';
  return paged(call, newestFirst ? matching.toReversed() : matching, (one) => viewIssue(hub, repository, one));
}

async function editIssue(call: RepositoryCall): Promise<RestAnswer> {
  const { hub, repository, body } = call;
  const issue = issueParam(call);
  const own = issue.accountId === senderOf(call).id;
  if (!own && !mayDo(hub, repository, call.actor, TRIAGE)) throw notFound();
  const state = readText(body, 'state') as 'open' | 'closed' | undefined;
  const edit = {
    title: body.title === undefined || body.title === null ? undefined : String(body.title),
    body: readNullableText(body, 'body'),
    state,
    stateReason: readText(body, 'state_reason') as Issue['stateReason'] | undefined,
    labels: labelNames(call),
  };
  if (issue.pull) {
    await updatePull(hub, repository, issue as PullIssue, senderOf(call), edit);
    updateIssue(hub, repository, issue, senderOf(call), { labels: edit.labels });
  } else {
    updateIssue(hub, repository, issue, senderOf(call), edit);
  }
  return json(viewIssue(hub, repository, issue));
}

function labelNames(call: RepositoryCall): string[] | undefined {
  return readList(call.body, 'labels')?.flatMap((label) => {
    if (typeof label === 'string') return [label];
    return isFields(label) && typeof label.name === 'string' ? [label.name] : [];
  });
}

function setLocked(call: RepositoryCall, locked: boolean): RestAnswer {
  issueParam(call).locked = locked;
  call.hub.store.touch(call.repository);
  return noContent();
}
