import type { RefChange } from '../git/refs.ts';
import { type Hub, ownerOf } from '../hub.ts';
import type { Account, CheckRun, Comment, Issue, Repository, Run } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewCheckRun, viewCheckSuiteOfRun } from '../views/check-run.ts';
import { viewComment, viewIssue } from '../views/issue.ts';
import { type PullIssue, viewPullRequest } from '../views/pull-request.ts';
import { viewRepository } from '../views/repository.ts';
import { viewUser } from '../views/user.ts';
import { viewRun, viewWorkflow } from '../views/workflow-run.ts';
import { renderPush } from './push-payload.ts';

interface Context {
  repository: Repository;
  sender: Account;
}

export async function emitPush(hub: Hub, { repository, sender }: Context, change: RefChange): Promise<void> {
  const payload = await renderPush(hub, repository, change, sender);
  emit(hub, { repository, sender }, 'push', null, payload);
}

export function emitIssue(hub: Hub, context: Context, action: string, issue: Issue, more: object = {}): void {
  emit(hub, context, 'issues', action, { issue: viewIssue(hub, context.repository, issue), ...more });
}

export function emitIssueComment(
  hub: Hub,
  context: Context,
  action: 'created' | 'edited' | 'deleted',
  subject: { issue: Issue; comment: Comment; previousBody?: string },
): void {
  const { issue, comment, previousBody } = subject;
  emit(hub, context, 'issue_comment', action, {
    ...(previousBody === undefined ? {} : { changes: { body: { from: previousBody } } }),
    issue: viewIssue(hub, context.repository, issue),
    comment: viewComment(hub, context.repository, issue, comment),
  });
}

export async function emitPullRequest(
  hub: Hub,
  context: Context,
  action: string,
  issue: PullIssue,
  more: object = {},
): Promise<void> {
  const pullRequest = await viewPullRequest(hub, context.repository, issue);
  emit(hub, context, 'pull_request', action, { number: issue.number, ...more, pull_request: pullRequest });
}

export function emitCheckRun(hub: Hub, context: Context, action: 'created' | 'completed', run: CheckRun): void {
  const suite = context.repository.checkSuites.find((one) => one.id === run.suiteId);
  const view = viewCheckRun(hub, context.repository, run);
  emit(hub, context, 'check_run', action, {
    check_run: {
      ...view,
      check_suite: suite ? viewCheckSuiteOfRun(hub, context.repository, suite) : view.check_suite,
    },
  });
}

export async function emitWorkflowRun(
  hub: Hub,
  context: Context,
  action: 'requested' | 'in_progress' | 'completed',
  run: Run,
): Promise<void> {
  emit(hub, context, 'workflow_run', action, {
    workflow_run: await viewRun(hub, context.repository, run),
    workflow: viewWorkflow(hub, context.repository, run.path, run.name),
  });
}

export function emitRepositoryDispatch(hub: Hub, context: Context, eventType: string, clientPayload: object): void {
  emit(hub, context, 'repository_dispatch', eventType, {
    branch: context.repository.defaultBranch,
    client_payload: clientPayload,
  });
}

export function emitPing(hub: Hub, context: Context, hook: { id: number; view: object }): void {
  emit(hub, context, 'ping', null, { zen: 'Keep it logically awesome.', hook_id: hook.id, hook: hook.view });
}

function emit(hub: Hub, context: Context, name: string, action: string | null, payload: Record<string, unknown>): void {
  const owner = ownerOf(hub, context.repository);
  hub.webhooks.emit({
    name,
    action,
    repository: context.repository,
    payload: {
      ...(action === null ? {} : { action }),
      repository: viewRepository(hub, context.repository),
      ...payload,
      ...(owner.type === 'Organization' ? { organization: viewOrganization(hub, owner) } : {}),
      sender: viewUser(hub, context.sender),
    },
  });
}

function viewOrganization(hub: Hub, organization: Account) {
  const api = `${hub.url}/orgs/${organization.login}`;
  return {
    login: organization.login,
    id: organization.id,
    node_id: nodeId('Organization', organization.id),
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${hub.url}/avatars/${organization.id}`,
    description: '',
  };
}
