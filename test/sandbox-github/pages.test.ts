import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createBranch,
  createTestRepository,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'shown');
  await github.person.rest.repos.createInOrg({ org: 'acme', name: 'secret', private: true, auto_init: true });
});

afterAll(() => stopWithoutViolations(github));

test('a pull request page shows comments as source, checks and the diff, all escaped', async () => {
  const at = { owner: 'acme', repo: 'shown' };
  const head = await createBranch(github, 'shown', 'topic');
  const { data: pull } = await github.app.rest.pulls.create({ ...at, title: '<b>T</b>', head: 'topic', base: 'main' });
  const hostile = '<script>alert(1)</script> **bold**';
  await github.app.rest.issues.createComment({ ...at, issue_number: pull.number, body: hostile });
  await github.app.rest.checks.create({
    ...at,
    name: 'deploy',
    head_sha: head,
    output: { title: 't', summary: 's&s' },
  });

  const page = await fetch(pull.html_url);
  const text = await page.text();

  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(text).not.toMatch(/<script|<b>T/);
  expect(text).toContain('&#60;script&#62;alert(1)&#60;/script&#62; **bold**');
  expect(text).toContain('+topic');
  expect(text).toContain('s&#38;s');
});

test.each(['/acme/secret', '/acme/nothing', '/acme/shown/pull/99', '/acme/shown/wiki'])('%s is a 404', async (path) => {
  expect((await fetch(`${github.url}${path}`)).status).toBe(404);
});

test('the repository page and the list of all lead to it', async () => {
  expect(await (await fetch(github.url)).text()).toContain('href="/acme/shown"');
  expect(await (await fetch(`${github.url}/acme/shown`)).text()).toContain('/acme/shown.git');
});

test.each([
  ['GET', '/%', 404],
  ['POST', '/graphql', 401],
  ['GET', '/repos/acme/shown/issues/abc', 422],
  ['GET', '/repos/acme/shown/contents/..%2f..%2fsecrets.json', 404],
  ['GET', '/acme/shown.git/info/refs?service=git-evil', 403],
  ['GET', '/_sandbox/nothing', 404],
  ['PUT', '/repos/acme/shown/issues', 404],
])('%s %s is answered with %s', async (method, path, status) => {
  await github.control('DELETE', '/violations');

  const answer = await fetch(`${github.url}${path}`, { method });

  expect(answer.status).toBe(status);
  await github.control('DELETE', '/violations');
});

test('the switches answer no page of another origin', async () => {
  const body = JSON.stringify({ login: 'evil' });

  const simple = await fetch(`${github.url}/_sandbox/users`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain' },
  });

  expect(simple.status).toBe(422);
});
