import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  createTestRepository,
  graphql,
  installationToken,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'faulty' };
const CREATE_ISSUE = { method: 'POST', path: '/issues$' };

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'faulty');
});

afterEach(() => github.control('DELETE', '/faults'));
afterAll(() => stopWithoutViolations(github));

async function addFault(fault: object): Promise<number> {
  const { status, body } = await github.control('POST', '/faults', fault);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.id;
}

function open(title: string, signal?: AbortSignal) {
  return github.person.rest.issues.create({ ...at, title, ...(signal ? { request: { signal } } : {}) });
}

async function titles(): Promise<string[]> {
  return (await github.person.rest.issues.listForRepo({ ...at, per_page: 100 })).data.map((issue) => issue.title);
}

test('a status before: nothing happened; after: it was done all the same', async () => {
  await addFault({ match: CREATE_ISSUE, action: { kind: 'status', status: 502, when: 'before' } });
  await expect(open('before')).rejects.toMatchObject({ status: 502 });
  await addFault({ match: CREATE_ISSUE, action: { kind: 'status', status: 502, when: 'after' } });
  await expect(open('after')).rejects.toMatchObject({ status: 502 });

  expect(await titles()).toEqual(['after']);
});

test('a secondary limit has its header and body', async () => {
  const headers = { 'retry-after': '7' };
  const body = { message: 'You have exceeded a secondary rate limit.' };
  await addFault({ match: { actor: 'installation' }, action: { kind: 'status', status: 403, headers, body } });

  const answer = github.app.rest.repos.get(at);

  await expect(answer).rejects.toMatchObject({ status: 403, response: { headers, data: body } });
});

test('nth and times choose the requests that are struck', async () => {
  await addFault({ match: CREATE_ISSUE, nth: 2, times: 2, action: { kind: 'close' } });

  const outcomes: string[] = [];
  for (const title of ['n1', 'n2', 'n3', 'n4']) {
    await open(title).then(
      () => outcomes.push('done'),
      () => outcomes.push('lost'),
    );
  }

  expect(outcomes).toEqual(['done', 'lost', 'lost', 'done']);
});

test('a GraphQL mutation is struck by its name', async () => {
  const id = await addFault({ match: { operation: 'createRef' }, action: { kind: 'status', status: 502 } });
  const token = await installationToken(github);

  await graphql(github, token, '{ viewer { login } }');
  const mutation =
    'mutation { a: createRef(input: {repositoryId: "R_x", name: "refs/heads/x", oid: "x"}) { clientMutationId } }';
  const answer = await graphql(github, token, mutation);

  expect(answer.message).toBe(`Fault ${id}`);
  expect((await github.control('GET', `/faults/${id}`)).body).toMatchObject({ matched: 1, struck: 1 });
});

test('a held request goes on when it is released', async () => {
  const id = await addFault({ match: CREATE_ISSUE, action: { kind: 'hold', when: 'before' } });

  const pending = open('held');
  const held = await github.control('GET', `/faults/${id}?for=held&wait_ms=20000`);
  const during = await titles();
  await github.control('POST', `/faults/${id}/release`);

  expect(held.body.held).toBe(1);
  expect(during).not.toContain('held');
  expect((await pending).status).toBe(201);
});

test.each([
  ['before', false],
  ['after', true],
])('a client that goes while its request is held %s: done is %s', async (when, done) => {
  const id = await addFault({ match: CREATE_ISSUE, action: { kind: 'hold', when } });
  const abort = new AbortController();
  const pending = open(`gone ${when}`, abort.signal).catch(() => 'gone');
  await github.control('GET', `/faults/${id}?for=held&wait_ms=20000`);

  abort.abort();
  await pending;
  await github.control('GET', `/faults/${id}?for=free&wait_ms=20000`);

  expect((await titles()).includes(`gone ${when}`)).toBe(done);
});

test('a hang keeps the answer back for its time', async () => {
  await addFault({ match: CREATE_ISSUE, action: { kind: 'hang', ms: 200, when: 'after' } });
  const started = performance.now();

  await open('slow');

  expect(performance.now() - started).toBeGreaterThanOrEqual(195);
});

test('a fault that cannot be is refused instead of never striking', async () => {
  const faults = [
    { action: { kind: 'explode' } },
    { match: { url: 'x' }, action: { kind: 'close' } },
    { match: { path: '(' }, action: { kind: 'close' } },
  ];

  for (const fault of faults) expect((await github.control('POST', '/faults', fault)).status).toBe(422);
});

test("the request log counts an installation's reads and writes only", async () => {
  const token = await installationToken(github);
  await github.control('DELETE', '/requests');

  await graphql(github, token, '{ viewer { login } }');
  await graphql(github, token, 'mutation { addReaction(input: {subjectId: "x", content: EYES}) { clientMutationId } }');
  await github.octokit(token).rest.repos.get(at);
  await github.person.rest.repos.get(at);
  await installationToken(github);

  const { body } = await github.control('GET', '/requests');
  expect(body).toMatchObject({ reads: 2, writes: 1 });
  expect(body.log.map((one: { kind: string; actor: string }) => `${one.actor} ${one.kind}`)).toEqual([
    'installation read',
    'installation write',
    'installation read',
    'person read',
    'app read',
    'app token',
  ]);
  expect(body.log[1]).toMatchObject({ operation: 'graphql', fields: ['addReaction'], status: 200 });
});
