import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Answer,
  createTestRepository,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'server');
  await createTestRepository(github, 'deployments');
  await github.person.rest.repos.createOrUpdateFileContents({
    owner: 'acme',
    repo: 'server',
    path: '.github/workflows/mcp-hosting.yml',
    message: 'Add workflow',
    content: Buffer.from(WORKFLOW).toString('base64'),
  });
});

afterAll(() => stopWithoutViolations(github));

test('a whole deployment takes seven requests of the installation', async () => {
  const issue = await github.person.rest.issues.create({ owner: 'acme', repo: 'server', title: 'Host it' });
  const comment = await github.person.rest.issues.createComment({
    owner: 'acme',
    repo: 'server',
    issue_number: issue.data.number,
    body: '/host',
  });
  const { payload } = await github.webhook('issue_comment', (one) => one.action === 'created');
  await github.control('DELETE', '/requests');

  const permission = await github.app.rest.repos.getCollaboratorPermissionLevel({
    owner: 'acme',
    repo: 'server',
    username: payload.comment.user.login,
  });
  const read = await github.app.graphql<Answer>(READ, { owner: 'acme', number: issue.data.number });
  const source = read.source;
  const deployments = read.deployments;
  const report = await github.app.graphql<Answer>(REPORT, {
    subject: payload.comment.node_id,
    repository: source.id,
    issue: source.issueOrPullRequest.id,
    sha: source.defaultBranchRef.target.oid,
    ref: source.defaultBranchRef.id,
  });
  const dispatch = await github.app.request('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
    owner: 'acme',
    repo: 'server',
    workflow_id: 'mcp-hosting.yml',
    ref: 'main',
    inputs: { rollout: 'r-1' },
    return_run_details: true,
  } as never);
  const proposal = await github.app.graphql<Answer>(PROPOSE, {
    repository: deployments.id,
    name: 'refs/heads/mcp-hosting/hello-abc',
    oid: deployments.defaultBranchRef.target.oid,
    branch: { repositoryNameWithOwner: 'acme/deployments', branchName: 'mcp-hosting/hello-abc' },
    additions: [{ path: 'servers/hello-abc/kustomization.yaml', contents: Buffer.from('a: 1\n').toString('base64') }],
  });
  const merged = await github.app.graphql<Answer>(
    'mutation($id: ID!) { mergePullRequest(input: {pullRequestId: $id}) { pullRequest { merged mergeCommit { oid } mergedBy { login } } } }',
    { id: proposal.pull.pullRequest.id },
  );
  const final = await github.app.graphql<Answer>(FINAL, {
    repository: source.id,
    check: report.check.checkRun.id,
    deployment: report.deployment.deployment.id,
    subject: payload.comment.node_id,
    comment: report.comment.commentEdge.node.id,
  });

  expect(permission.data).toMatchObject({ permission: 'admin', role_name: 'admin' });
  expect(source).toMatchObject({ isPrivate: false, config: null, workflow: { oid: expect.any(String) } });
  expect(dispatch.status).toBe(200);
  expect(dispatch.data).toMatchObject({ workflow_run_id: expect.any(Number), html_url: expect.any(String) });
  expect(proposal.pull.pullRequest).toMatchObject({ number: 1, state: 'OPEN' });
  expect(merged.mergePullRequest.pullRequest).toMatchObject({ merged: true, mergedBy: { login: 'mcp-hosting' } });
  expect(final.status.deploymentStatus.state).toBe('SUCCESS');
  expect(final.check.checkRun).toMatchObject({ status: 'COMPLETED', conclusion: 'SUCCESS' });
  expect((await github.control('GET', '/requests')).body).toMatchObject({ reads: 2, writes: 5 });
  expect((await github.control('GET', '/violations')).body).toEqual([]);
  expect(comment.data.id).toBe(payload.comment.id);
  await github.webhook('pull_request', (one) => one.action === 'closed' && one.pull_request.merged === true);
  await github.webhook(
    'push',
    (one) => one.ref === 'refs/heads/main' && one.repository.name === 'deployments' && !one.created,
  );
  await github.webhook(
    'workflow_run',
    (one) => one.action === 'requested' && one.workflow_run.display_title === 'mcp-hosting r-1',
  );
});

const WORKFLOW = `name: mcp-hosting
run-name: mcp-hosting \${{ inputs.rollout }}
on:
  workflow_dispatch:
    inputs:
      rollout: { required: true }
      ref: { default: main }
jobs: {}
`;

const READ = `query($owner: String!, $number: Int!) {
  source: repository(owner: $owner, name: "server") {
    id databaseId isPrivate
    defaultBranchRef { id name target { oid } }
    issueOrPullRequest(number: $number) { __typename ... on Issue { id } ... on PullRequest { id headRefOid isCrossRepository headRepository { name owner { login } } } }
    config: object(expression: "HEAD:.mcp-hosting.yml") { ... on Blob { text byteSize isBinary } }
    workflow: object(expression: "main:.github/workflows/mcp-hosting.yml") { oid }
  }
  deployments: repository(owner: $owner, name: "deployments") {
    id
    defaultBranchRef { name target { oid } }
    ref(qualifiedName: "refs/heads/mcp-hosting/hello-abc") { id target { oid ... on Commit { file(path: "servers/hello-abc") { object { ... on Tree { entries { name type object { ... on Blob { text isBinary } } } } } } } } }
    overlay: object(expression: "main:servers/hello-abc") { ... on Tree { entries { name type object { ... on Blob { text } } } } }
    pullRequests(headRefName: "mcp-hosting/hello-abc", first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { id number state body headRefOid mergeCommit { oid } mergedBy { login } } }
  }
}`;

const REPORT = `mutation($subject: ID!, $repository: ID!, $issue: ID!, $sha: GitObjectID!, $ref: ID!) {
  check: createCheckRun(input: {repositoryId: $repository, headSha: $sha, name: "mcp-hosting / deploy", externalId: "r-1", status: IN_PROGRESS, output: {title: "t", summary: "s"}}) { checkRun { id databaseId } }
  deployment: createDeployment(input: {repositoryId: $repository, refId: $ref, environment: "hello-abc", requiredContexts: [], autoMerge: false}) { deployment { id databaseId } }
  reaction: addReaction(input: {subjectId: $subject, content: EYES}) { reaction { content } }
  comment: addComment(input: {subjectId: $issue, body: "<!-- mcp-hosting:server=hello-abc -->"}) { commentEdge { node { id databaseId } } }
}`;

const PROPOSE = `mutation($repository: ID!, $name: String!, $oid: GitObjectID!, $branch: CommittableBranch!, $additions: [FileAddition!]) {
  ref: createRef(input: {repositoryId: $repository, name: $name, oid: $oid}) { ref { id } }
  commit: createCommitOnBranch(input: {branch: $branch, expectedHeadOid: $oid, message: {headline: "Deploy hello-abc"}, fileChanges: {additions: $additions}}) { commit { oid signature { isValid } } ref { target { oid } } }
  pull: createPullRequest(input: {repositoryId: $repository, baseRefName: "main", headRefName: "mcp-hosting/hello-abc", title: "Deploy", body: "b"}) { pullRequest { id number state url } }
}`;

const FINAL = `mutation($repository: ID!, $check: ID!, $deployment: ID!, $subject: ID!, $comment: ID!) {
  check: updateCheckRun(input: {repositoryId: $repository, checkRunId: $check, conclusion: SUCCESS, output: {title: "t", summary: "s", annotations: [{path: "a", annotationLevel: NOTICE, message: "m", location: {startLine: 1, endLine: 1}}]}}) { checkRun { status conclusion } }
  status: createDeploymentStatus(input: {deploymentId: $deployment, state: SUCCESS, environmentUrl: "https://hello.example.com"}) { deploymentStatus { id state } }
  reaction: addReaction(input: {subjectId: $subject, content: ROCKET}) { reaction { id } }
  comment: updateIssueComment(input: {id: $comment, body: "done"}) { issueComment { id } }
}`;
