import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGitHub, type GitHub } from '../../../src/adapters/github/create-github.ts';
import { rolloutMarker, statusCommentMarker } from '../../../src/domain/reports/markers.ts';
import type { MergeOutcome, ProposalRequest, StatusReport } from '../../../src/ports/github.ts';
import {
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from '../../sandbox-github/start-test-github.ts';

/** The adapter against the sandbox's GitHub, which holds every request and answer against GitHub's own schemas. */
const server = { owner: 'acme', name: 'hello-server' };
const deploymentsRepository = { owner: 'acme', name: 'mcp-server-deployments' };
const workflow = [
  'name: mcp-hosting',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
  'run-name: mcp-hosting ${{ inputs.rollout }}',
  'on:',
  '  workflow_dispatch:',
  '    inputs:',
  '      rollout: { required: true, type: string }',
  'jobs: {}',
].join('\n');

let sandbox: TestGitHub;
let github: GitHub;
let installationId: number;
let serial = 0;

/** What differs from one test to the next. */
let serverId: string;
let rolloutId: string;
let issue: { number: number; nodeId: string };

beforeAll(async () => {
  sandbox = await startTestGitHub();
  await createTestRepository(sandbox, server.name);
  await createTestRepository(sandbox, deploymentsRepository.name);
  await putFile(sandbox, { repo: server.name, path: '.github/workflows/mcp-hosting.yml', content: workflow });
  await putFile(sandbox, { repo: server.name, path: 'package.json', content: '{"name":"hello"}\n' });
  const { data } = await sandbox.appJwt.rest.apps.getOrgInstallation({ org: 'acme' });
  installationId = data.id;
  github = createGitHub({
    appId: sandbox.appId,
    privateKey: sandbox.privateKeyPem,
    apiUrl: sandbox.url,
    requestTimeoutMs: 20_000,
    deploymentsRepository,
    writeBudget: { take: async () => 0 },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
});
afterAll(() => stopWithoutViolations(sandbox));

beforeEach(async () => {
  serial += 1;
  serverId = `hello-x${serial}`;
  rolloutId = `0b6cfa2e-6f5c-4f6e-9f0e-${String(serial).padStart(12, '0')}`;
  const { data } = await sandbox.person.rest.issues.create({ ...restName(server), title: 'Host it' });
  issue = { number: data.number, nodeId: data.node_id };
  await sandbox.control('DELETE', '/requests');
});

function restName({ owner, name }: { owner: string; name: string }) {
  return { owner, repo: name };
}

async function snapshot() {
  return github.snapshots.readBoth({ installationId, repository: server, issue: issue.number, serverId });
}

function reportOf(source: Awaited<ReturnType<typeof snapshot>>['source'], done: boolean): StatusReport {
  const marker = statusCommentMarker(serverId);
  return {
    installationId,
    repository: server,
    repositoryNodeId: source.repositoryNodeId,
    reaction: { subjectId: issue.nodeId, content: done ? 'ROCKET' : 'EYES' },
    checkRun: {
      name: 'mcp-hosting / deploy',
      headSha: source.commitSha,
      externalId: rolloutId,
      status: done ? 'COMPLETED' : 'IN_PROGRESS',
      ...(done ? { conclusion: 'SUCCESS' as const, detailsUrl: 'https://bot.test/1' } : {}),
      title: 'Deploying',
      summary: 'words',
      annotations: [
        { path: 'package.json', startLine: 1, endLine: 1, level: 'NOTICE', title: 'Here', message: 'words' },
      ],
    },
    comment: {
      issueNodeId: issue.nodeId,
      issue: issue.number,
      marker,
      body: `${marker}\n${done ? 'Done' : 'Working'}`,
    },
    deployment: {
      ...(source.refId ? { refId: source.refId } : {}),
      environment: serverId,
      description: 'words',
      state: done ? 'SUCCESS' : 'IN_PROGRESS',
      ...(done ? { environmentUrl: `https://${serverId}.mcp.test/mcp` } : {}),
      productionEnvironment: true,
    },
  };
}

function buildOf() {
  const inputs = { rollout: rolloutId };
  return { installationId, repository: server, defaultBranch: 'main', inputs, rolloutId };
}

function proposalOf(deployments: ProposalRequest['snapshot'], replicas: number): ProposalRequest {
  return {
    serverId,
    rolloutId,
    files: { 'kustomization.yaml': `replicas: ${replicas}\n`, 'service.yaml': 'kind: Service\n' },
    title: `Deploy ${serverId}`,
    body: `What changes.\n\n${rolloutMarker(rolloutId)}`,
    message: `Deploy ${serverId}\n\nWords.`,
    snapshot: deployments,
  };
}

async function pullRequestsOf(repository: { owner: string; name: string }, branch: string) {
  const { data } = await sandbox.person.rest.pulls.list({
    ...restName(repository),
    state: 'all',
    head: `acme:${branch}`,
  });
  return data;
}

async function requestCount(): Promise<number> {
  const { body } = await sandbox.control('GET', '/requests');
  return body.reads + body.writes;
}

/** The next request that fits is carried out, but its answer never comes. */
async function loseAnswerOf(match: object): Promise<void> {
  const fault = await sandbox.control('POST', '/faults', { match, action: { kind: 'close', when: 'after' } });
  expect(fault.status).toBe(201);
}

function asMerged(outcome: MergeOutcome): Extract<MergeOutcome, { kind: 'merged' }> {
  if (outcome.kind !== 'merged') throw new Error(`Cannot go on: the pull request is ${outcome.kind}`);
  return outcome;
}

describe('a deployment', () => {
  test('takes seven requests', async () => {
    const permission = await github.permissions.permissionOf(installationId, server, 'you');
    const { source, deployments } = await snapshot();
    const announced = await github.reports.publish(reportOf(source, false), {}, false);
    const build = await github.builds.dispatch(buildOf(), false);
    const proposed = await github.proposals.propose(proposalOf(deployments, 1), false);
    if (proposed.kind !== 'opened') throw new Error(proposed.kind);
    const merged = asMerged(await github.proposals.merge(proposed.pullRequest));
    const finished = await github.reports.publish(reportOf(source, true), announced, false);

    expect(permission).toBe('admin');
    expect(await requestCount()).toBe(7);
    expect(build.runId).toBeGreaterThan(0);
    expect(finished).toEqual(announced);
    expect(Object.keys(announced).sort()).toEqual([
      'checkRunId',
      'checkRunUrl',
      'commentId',
      'commentUrl',
      'deploymentId',
    ]);
    const after = await github.snapshots.readDeployments(serverId);
    expect(after.headSha).toBe(merged.sha);
    expect(after.overlay).toEqual(proposalOf(deployments, 1).files);
    expect(after.pullRequest).toMatchObject({ state: 'MERGED', mergeSha: merged.sha });
    await expect(github.proposals.contains(deployments.headSha, merged.sha)).resolves.toBe(true);
    await expect(github.proposals.contains(merged.sha, deployments.headSha)).resolves.toBe(false);
    await expect(github.proposals.merge(proposed.pullRequest)).resolves.toEqual(merged);
  });

  test('then a second one, and its removal, each by a pull request of its own', async () => {
    const first = await snapshot();
    await mergeProposal(proposalOf(first.deployments, 1));
    const second = await snapshot();
    await mergeProposal(proposalOf(second.deployments, 2));
    const third = await snapshot();

    const same = await github.proposals.propose(proposalOf(third.deployments, 2), false);
    await mergeProposal({ ...proposalOf(third.deployments, 2), files: {} });

    const last = await github.snapshots.readDeployments(serverId);
    expect(same).toEqual({ kind: 'unchanged', headSha: third.deployments.headSha });
    expect(last.overlay).toEqual({});
    expect(await pullRequestsOf(deploymentsRepository, `mcp-hosting/${serverId}`)).toHaveLength(3);
  });

  test('that is overtaken has its pull request updated', async () => {
    const before = await snapshot();
    const first = await github.proposals.propose(proposalOf(before.deployments, 1), false);
    const between = await github.snapshots.readDeployments(serverId);
    const second = await github.proposals.propose(proposalOf(between, 2), false);

    if (first.kind !== 'opened' || second.kind !== 'opened') throw new Error('expected two opened');
    expect(second.pullRequest).toEqual(first.pullRequest);
    const { data } = await sandbox.person.rest.pulls.get({
      ...restName(deploymentsRepository),
      pull_number: second.pullRequest.number,
    });
    expect(data).toMatchObject({ commits: 2, head: { sha: second.branchHeadSha } });
  });

  test('whose snapshot is old finds the branch that another made', async () => {
    const before = await snapshot();
    await github.proposals.propose(proposalOf(before.deployments, 1), false);

    const outcome = await github.proposals.propose(proposalOf(before.deployments, 2), false);

    expect(outcome.kind).toBe('opened');
    expect(await pullRequestsOf(deploymentsRepository, `mcp-hosting/${serverId}`)).toHaveLength(1);
  });
});

async function mergeProposal(request: ProposalRequest): Promise<void> {
  const outcome = await github.proposals.propose(request, false);
  if (outcome.kind !== 'opened') throw new Error(outcome.kind);
  await github.proposals.merge(outcome.pullRequest);
}

describe('an answer that was lost', () => {
  test('of a report: everything is found again', async () => {
    const { source } = await snapshot();
    await loseAnswerOf({ operation: 'createCheckRun' });

    const lost = github.reports.publish(reportOf(source, false), {}, false);
    await expect(lost).rejects.toMatchObject({ name: 'RetryLaterError' });
    const found = await github.reports.publish(reportOf(source, false), {}, true);

    expect(Object.keys(found)).toHaveLength(5);
    const where = restName(server);
    const comments = await sandbox.person.rest.issues.listComments({ ...where, issue_number: issue.number });
    const checks = await sandbox.app.rest.checks.listForRef({ ...where, ref: source.commitSha, filter: 'all' });
    const made = await sandbox.person.rest.repos.listDeployments({ ...where, environment: serverId });
    expect(comments.data).toHaveLength(1);
    expect(checks.data.check_runs.filter(({ external_id }) => external_id === rolloutId)).toHaveLength(1);
    expect(made.data).toHaveLength(1);
  });

  test('of a proposal: the pull request is found again, with its one commit', async () => {
    const { deployments } = await snapshot();
    await loseAnswerOf({ operation: 'createPullRequest' });

    const lost = github.proposals.propose(proposalOf(deployments, 1), false);
    await expect(lost).rejects.toMatchObject({ name: 'RetryLaterError' });
    const found = await github.proposals.propose(proposalOf(deployments, 1), true);

    expect(found.kind).toBe('opened');
    const [pullRequest, ...more] = await pullRequestsOf(deploymentsRepository, `mcp-hosting/${serverId}`);
    const { data } = await sandbox.person.rest.pulls.get({
      ...restName(deploymentsRepository),
      pull_number: pullRequest?.number ?? 0,
    });
    expect(more).toEqual([]);
    expect(data.commits).toBe(1);
  });

  test('of a dispatch: the run is found again', async () => {
    await loseAnswerOf({ method: 'POST', path: '/dispatches$' });

    await expect(github.builds.dispatch(buildOf(), false)).rejects.toMatchObject({ name: 'RetryLaterError' });
    const found = await github.builds.dispatch(buildOf(), true);

    const { data } = await sandbox.app.rest.actions.listWorkflowRunsForRepo(restName(server));
    const ours = data.workflow_runs.filter(({ display_title }) => display_title.includes(rolloutId));
    expect(ours.map(({ id }) => id)).toEqual([found.runId]);
    await expect(github.builds.read(installationId, server, found.runId)).resolves.toEqual({ state: 'running' });
    await github.builds.cancel(installationId, server, found.runId);
  });

  test('of a merge: it counts as merged', async () => {
    const { deployments } = await snapshot();
    const proposed = await github.proposals.propose(proposalOf(deployments, 1), false);
    if (proposed.kind !== 'opened') throw new Error(proposed.kind);
    await loseAnswerOf({ operation: 'mergePullRequest' });

    await expect(github.proposals.merge(proposed.pullRequest)).rejects.toMatchObject({ name: 'RetryLaterError' });
    const merged = asMerged(await github.proposals.merge(proposed.pullRequest));
    const again = await github.proposals.propose(proposalOf(deployments, 1), true);

    expect(again).toMatchObject({ kind: 'merged', mergeSha: merged.sha, pullRequest: proposed.pullRequest });
  });
});

test('a reply is posted once, and edited by a retry', async () => {
  const marker = '<!-- mcp-hosting:reply=1 -->';
  const reply = { installationId, repository: server, issue: issue.number, marker, body: `${marker}\nNo.` };

  await github.reports.reply({ ...reply, retry: false });
  await github.reports.reply({ ...reply, body: `${marker}\nStill no.`, retry: true });

  const where = { ...restName(server), issue_number: issue.number };
  const { data } = await sandbox.person.rest.issues.listComments(where);
  expect(data.map(({ body }) => body)).toEqual([`${marker}\nStill no.`]);
});

test('a comment that was deleted is made anew', async () => {
  const { source } = await snapshot();
  const ids = await github.reports.publish(reportOf(source, false), {}, false);
  const where = restName(server);
  const { data } = await sandbox.person.rest.issues.listComments({ ...where, issue_number: issue.number });
  await sandbox.person.rest.issues.deleteComment({ ...where, comment_id: data[0]?.id ?? 0 });

  const again = await github.reports.publish(reportOf(source, true), ids, false);

  expect(again.commentId).not.toBe(ids.commentId);
  expect(again.checkRunId).toBe(ids.checkRunId);
});

test('a setup pull request is found again', async () => {
  await createTestRepository(sandbox, 'bare-server');
  const bare = { owner: 'acme', name: 'bare-server' };
  const files = { '.github/workflows/mcp-hosting.yml': workflow };
  const request = { installationId, repository: bare, files, title: 'Set up', body: 'Why.', message: 'Add workflow' };

  const first = await github.setupProposals.proposeSetup(request);
  const second = await github.setupProposals.proposeSetup(request);

  expect(second).toEqual(first);
  expect(await pullRequestsOf(bare, 'mcp-hosting/setup')).toHaveLength(1);
});

test('a pull request’s head is what is built', async () => {
  const { data: main } = await sandbox.person.rest.git.getRef({ ...restName(server), ref: 'heads/main' });
  const branch = `feature-${serial}`;
  await sandbox.person.rest.git.createRef({ ...restName(server), ref: `refs/heads/${branch}`, sha: main.object.sha });
  const head = await putFile(sandbox, {
    repo: server.name,
    path: '.mcp-hosting.yml',
    content: 'name: preview\n',
    branch,
  });
  const { data: pull } = await sandbox.person.rest.pulls.create({
    ...restName(server),
    title: 'Feature',
    head: branch,
    base: 'main',
  });

  const { source } = await github.snapshots.readBoth({ installationId, repository: server, issue: pull.number });

  expect(source).toMatchObject({
    commitSha: head,
    configText: 'name: preview\n',
    issueNodeId: pull.node_id,
    workflowPresent: true,
    pullRequest: { number: pull.number, state: 'OPEN', fork: false, headBranch: branch },
  });
});

test('deliveries that failed are sent again', async () => {
  const since = new Date(Date.now() - 60_000);
  sandbox.setWebhookStatus(500);
  await sandbox.person.rest.issues.createComment({
    ...restName(server),
    issue_number: issue.number,
    body: 'lost words',
  });
  const lost = await sandbox.webhook('issue_comment', (payload) => payload.comment.body === 'lost words');
  sandbox.setWebhookStatus(200);
  sandbox.webhooks.length = 0;

  const sent = await github.missedDeliveries.redeliverFailed(since);
  const again = await sandbox.webhook('issue_comment', (payload) => payload.comment.body === 'lost words');

  expect(sent).toBeGreaterThanOrEqual(1);
  expect(again.delivery).toBe(lost.delivery);
});
