import { afterEach, expect, test } from '@jest/globals';
import { createGitHubPerson } from '../../../src/cli/github-person.ts';
import { type Answer, type FakeServer, startFakeServer } from './fake-platform.ts';
import { pullRequest } from './progress-fixtures.ts';

const HELLO = { owner: 'acme', name: 'hello' };
const REPOSITORY = { clone_url: 'http://g/acme/hello.git', html_url: 'http://g/acme/hello', default_branch: 'main' };
const MERGE = 'PUT /repos/acme/mcp-server-deployments/pulls/2/merge';
const PULL = 'GET /repos/acme/mcp-server-deployments/pulls/2';

let server: FakeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('repository: one that is there is taken', async () => {
  const { person, requests } = await github({ 'GET /repos/acme/hello': { body: REPOSITORY } });

  expect(await person.ensureRepository(HELLO, { private: false })).toMatchObject({
    created: false,
    defaultBranch: 'main',
  });
  expect(requests).toEqual(['GET /repos/acme/hello']);
});

test.each([
  ['acme', 'POST /orgs/acme/repos'],
  ['You', 'POST /user/repos'],
])('repository: a new one of %s is created by %s', async (owner, creation) => {
  const { person, requests } = await github({
    'GET /user': { body: { login: 'you', id: 1 } },
    [creation]: { status: 201, body: REPOSITORY },
  });

  expect(await person.ensureRepository({ owner, name: 'hello' }, { private: true })).toMatchObject({ created: true });
  expect(requests.at(-1)).toBe(creation);
});

test('default branch: is what GitHub says, and unknown of a repository that cannot be seen', async () => {
  const { person } = await github({ 'GET /repos/acme/hello': { body: { ...REPOSITORY, default_branch: 'trunk' } } });

  expect(await person.defaultBranch(HELLO)).toBe('trunk');
  expect(await person.defaultBranch({ owner: 'acme', name: 'hidden' })).toBeUndefined();
});

test('issue: an open one of the title is found, pull requests are not', async () => {
  const { person } = await github({
    'GET /repos/acme/hello/issues?state=open&per_page=100': {
      body: [
        { number: 3, title: 'Host this server', html_url: 'u3', pull_request: {} },
        { number: 2, title: 'Host this server', html_url: 'u2' },
      ],
    },
  });

  expect(await person.ensureIssue(HELLO, { title: 'Host this server', body: '' })).toEqual({ number: 2, url: 'u2' });
});

test('merge: GitHub is asked again while it works out whether it may', async () => {
  const answers: Answer[] = [{ status: 405, body: {} }, { status: 409, body: {} }, { body: { merged: true } }];
  const { person, requests } = await github({
    [MERGE]: () => answers.shift() ?? { status: 500, body: {} },
    [PULL]: { body: { merged: false, state: 'open', html_url: 'u' } },
  });

  await person.merge(pullRequest());

  expect(requests.filter((request) => request === MERGE)).toHaveLength(3);
});

test('merge: one that is merged already is fine', async () => {
  const { person } = await github({ [MERGE]: { status: 405, body: {} }, [PULL]: { body: { merged: true } } });

  await expect(person.merge(pullRequest())).resolves.toBeUndefined();
});

test.each([
  ['closed', 1],
  ['open', 10],
])('merge: one that stays %s is given up after %d tries', async (state, tries) => {
  const { person, requests } = await github({
    [MERGE]: { status: 405, body: { message: 'Review required' } },
    [PULL]: { body: { merged: false, state, html_url: 'u' } },
  });

  await expect(person.merge(pullRequest())).rejects.toMatchObject({
    code: 'merge-refused',
    message: expect.stringContaining('Review required'),
  });
  expect(requests.filter((request) => request === MERGE)).toHaveLength(tries);
});

test.each([
  [401, 'github-unauthorized'],
  [403, 'github-refused'],
  [502, 'github-unreachable'],
])('errors: an answer of %d is %s, and the token is not in it', async (status, code) => {
  const { person } = await github({ 'GET /user': { status, body: { message: 'no' } } });

  const error: Error = await person.login().then(
    () => new Error('none'),
    (caught: Error) => caught,
  );

  expect(error).toMatchObject({ code });
  expect(error.message).not.toContain('ghp_secret');
});

test('errors: no connection is told as an outage', async () => {
  const person = createGitHubPerson({ githubUrl: 'http://127.0.0.1:1', token: 'ghp_secret', sleep: async () => {} });

  await expect(person.login()).rejects.toMatchObject({ code: 'github-unreachable' });
});

async function github(answers: Record<string, Answer | (() => Answer)>) {
  server = await startFakeServer((request) => {
    const answer = answers[request];
    return typeof answer === 'function' ? answer() : answer;
  });
  const person = createGitHubPerson({ githubUrl: server.url, token: 'ghp_secret', sleep: async () => {} });
  return { person, requests: server.requests };
}
