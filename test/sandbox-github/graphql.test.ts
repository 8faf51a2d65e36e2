import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Answer,
  createBranch,
  createTestRepository,
  graphql,
  installationToken,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
let token: string;
let repositoryId: string;
let main: string;

const COMMIT = `mutation($branch: String!, $expected: GitObjectID!, $changes: FileChanges) {
  createCommitOnBranch(input: {
    branch: {repositoryNameWithOwner: "acme/graph", branchName: $branch}
    expectedHeadOid: $expected
    message: {headline: "Change", body: "Body"}
    fileChanges: $changes
  }) { commit { oid message author { name email } committer { name } signature { isValid } file(path: "a/b.txt") { mode object { ... on Blob { text } } } } }
}`;

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'graph');
  token = await installationToken(github);
  const { data } = await run('{ repository(owner: "acme", name: "graph") { id defaultBranchRef { target { oid } } } }');
  repositoryId = data.repository.id;
  main = data.repository.defaultBranchRef.target.oid;
});

afterAll(() => stopWithoutViolations(github));

function run(query: string, variables = {}): Promise<Answer> {
  return graphql(github, token, query, variables);
}

function file(path: string, text: string) {
  return { path, contents: Buffer.from(text).toString('base64') };
}

test('createCommitOnBranch commits as the App, and compares the head before it sets it', async () => {
  await createBranch(github, 'graph', 'commits');
  const { data: ref } = await github.app.rest.git.getRef({ owner: 'acme', repo: 'graph', ref: 'heads/commits' });
  const variables = {
    branch: 'commits',
    expected: ref.object.sha,
    changes: { additions: [file('a/b.txt', 'text\n')] },
  };

  const first = await run(COMMIT, variables);
  const second = await run(COMMIT, variables);

  expect(first.data.createCommitOnBranch.commit).toMatchObject({
    message: 'Change\n\nBody',
    author: { name: 'mcp-hosting[bot]' },
    committer: { name: 'GitHub' },
    signature: { isValid: true },
    file: { mode: 0o100644, object: { text: 'text\n' } },
  });
  expect(second).toMatchObject({
    data: { createCommitOnBranch: null },
    errors: [{ type: 'STALE_DATA', path: ['createCommitOnBranch'], message: expect.stringContaining(ref.object.sha) }],
  });
});

test('of two commits at once on one head exactly one is made', async () => {
  await createBranch(github, 'graph', 'race');
  const { data: ref } = await github.app.rest.git.getRef({ owner: 'acme', repo: 'graph', ref: 'heads/race' });
  const attempt = (name: string): Promise<Answer> =>
    run(COMMIT, { branch: 'race', expected: ref.object.sha, changes: { additions: [file(name, name)] } });

  const answers = await Promise.all(['1', '2', '3', '4'].map(attempt));

  expect(answers.filter((answer) => !answer.errors)).toHaveLength(1);
  expect(answers.filter((answer) => answer.errors?.[0].type === 'STALE_DATA')).toHaveLength(3);
});

test.each([
  ['../up', 'not valid'],
  ['.git/config', 'not valid'],
  ['a//b', 'not valid'],
  ['/absolute', 'not valid'],
])('a commit with the path "%s" is refused', async (path, message) => {
  const { errors } = await run(COMMIT, { branch: 'main', expected: main, changes: { additions: [file(path, 'x')] } });

  expect(errors).toMatchObject([{ type: 'UNPROCESSABLE', message: expect.stringContaining(message) }]);
});

test('deleting a file that is not there is refused', async () => {
  const { errors } = await run(COMMIT, {
    branch: 'main',
    expected: main,
    changes: { deletions: [{ path: 'no.txt' }] },
  });

  expect(errors).toMatchObject([{ message: expect.stringContaining('does not exist as of commit oid') }]);
});

test('mutations run in order, and one that fails leaves the others standing', async () => {
  const answer = await run(
    `mutation($repository: ID!, $sha: GitObjectID!) {
      first: createRef(input: {repositoryId: $repository, name: "refs/heads/order", oid: $sha}) { ref { name prefix } }
      second: createRef(input: {repositoryId: $repository, name: "refs/heads/order", oid: $sha}) { ref { name } }
      third: createPullRequest(input: {repositoryId: $repository, baseRefName: "main", headRefName: "order", title: "t"}) { pullRequest { number } }
      fourth: createCheckRun(input: {repositoryId: $repository, headSha: $sha, name: "n"}) { checkRun { status } }
      fifth: addComment(input: {subjectId: "I_nonsense", body: "b"}) { clientMutationId }
    }`,
    { repository: repositoryId, sha: main },
  );

  expect(answer.data).toEqual({
    first: { ref: { name: 'order', prefix: 'refs/heads/' } },
    second: null,
    third: null,
    fourth: { checkRun: { status: 'QUEUED' } },
    fifth: null,
  });
  expect(answer.errors).toMatchObject([
    {
      type: 'UNPROCESSABLE',
      path: ['second'],
      message: 'A ref named "refs/heads/order" already exists in the repository.',
    },
    { type: 'UNPROCESSABLE', path: ['third'], message: 'No commits between main and order' },
    { type: 'NOT_FOUND', path: ['fifth'] },
  ]);
});

test('a ref is reset by force only, and its pull request closes when nothing is left', async () => {
  await createBranch(github, 'graph', 'reset');
  const opened = await run(
    `mutation($repository: ID!) { createPullRequest(input: {repositoryId: $repository, baseRefName: "main", headRefName: "reset", title: "t"}) { pullRequest { id headRef { id } } } }`,
    { repository: repositoryId },
  );
  const { id, headRef } = opened.data.createPullRequest.pullRequest;
  const update =
    'mutation($ref: ID!, $oid: GitObjectID!, $force: Boolean) { updateRef(input: {refId: $ref, oid: $oid, force: $force}) { ref { target { oid } } } }';

  const gently = await run(update, { ref: headRef.id, oid: main, force: false });
  const forced = await run(update, { ref: headRef.id, oid: main, force: true });

  const after = await run('query($id: ID!) { node(id: $id) { ... on PullRequest { state merged } } }', { id });
  expect(gently.errors).toMatchObject([{ type: 'UNPROCESSABLE', message: 'Update is not a fast forward' }]);
  expect(forced.data.updateRef.ref.target.oid).toBe(main);
  expect(after.data.node).toEqual({ state: 'CLOSED', merged: false });
});

test('a deployment waits for the checks of its commit unless it is told not to', async () => {
  const query = `query { repository(owner: "acme", name: "graph") { defaultBranchRef { id } } }`;
  const refId = (await run(query)).data.repository.defaultBranchRef.id;
  const create = `mutation($repository: ID!, $ref: ID!, $contexts: [String!]) {
    createDeployment(input: {repositoryId: $repository, refId: $ref, environment: "e", requiredContexts: $contexts}) { deployment { id state } }
  }`;

  const waiting = await run(create, { repository: repositoryId, ref: refId });
  const told = await run(create, { repository: repositoryId, ref: refId, contexts: [] });

  expect(waiting.errors).toMatchObject([{ message: 'Conflict: Commit status checks failed for main.' }]);
  expect(told.data.createDeployment.deployment.state).toBe('PENDING');
});

test('what is not there is null with NOT_FOUND, beside what is', async () => {
  const answer = await run(`{
    a: repository(owner: "acme", name: "nowhere") { id }
    b: repository(owner: "acme", name: "graph") { pullRequest(number: 99) { id } object(expression: "main:nothing") { oid } ref(qualifiedName: "refs/heads/nothing") { id } }
  }`);

  expect(answer.data).toEqual({ a: null, b: { pullRequest: null, object: null, ref: null } });
  expect(answer.errors).toMatchObject([
    { type: 'NOT_FOUND', path: ['a'], message: "Could not resolve to a Repository with the name 'acme/nowhere'." },
    { type: 'NOT_FOUND', path: ['b', 'pullRequest'] },
  ]);
});

test('comments tell whose they are, and pages follow cursors', async () => {
  const { data: issue } = await github.person.rest.issues.create({ owner: 'acme', repo: 'graph', title: 'Talk' });
  const at = { owner: 'acme', repo: 'graph', issue_number: issue.number };
  await github.person.rest.issues.createComment({ ...at, body: 'one' });
  await github.app.rest.issues.createComment({ ...at, body: 'two' });
  const query = `query($n: Int!, $after: String) { repository(owner: "acme", name: "graph") { issueOrPullRequest(number: $n) { ... on Issue {
    comments(first: 1, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { body viewerDidAuthor author { __typename login } } } } } } }`;

  const first = (await run(query, { n: issue.number })).data.repository.issueOrPullRequest.comments;
  const second = (await run(query, { n: issue.number, after: first.pageInfo.endCursor })).data.repository
    .issueOrPullRequest.comments;

  expect(first).toMatchObject({
    totalCount: 2,
    pageInfo: { hasNextPage: true },
    nodes: [{ body: 'one', viewerDidAuthor: false, author: { __typename: 'User', login: 'you' } }],
  });
  expect(second).toMatchObject({
    pageInfo: { hasNextPage: false },
    nodes: [{ body: 'two', viewerDidAuthor: true, author: { __typename: 'Bot', login: 'mcp-hosting' } }],
  });
});

test('a document against the schema is refused whole and listed as a violation', async () => {
  const answer = await run('mutation { createRef(input: {repositoryId: 1}) { nonsense } }');

  const { body } = await github.control('GET', '/violations');
  await github.control('DELETE', '/violations');
  expect(answer.data).toBeUndefined();
  expect(answer.errors.length).toBeGreaterThan(0);
  expect(body).toHaveLength(answer.errors.length);
});
