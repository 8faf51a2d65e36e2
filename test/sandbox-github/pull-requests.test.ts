import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createBranch,
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'pulls' };

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'pulls');
});

afterAll(() => stopWithoutViolations(github));

test('a pull request tells its files, commits and counts, and is found by its head', async () => {
  await createBranch(github, 'pulls', 'one');

  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'One', head: 'one', base: 'main' });

  const { data: files } = await github.person.rest.pulls.listFiles({ ...at, pull_number: pull.number });
  const { data: commits } = await github.person.rest.pulls.listCommits({ ...at, pull_number: pull.number });
  const { data: byHead } = await github.person.rest.pulls.list({ ...at, head: 'acme:one', state: 'all' });
  expect(pull).toMatchObject({ commits: 1, additions: 1, deletions: 0, changed_files: 1, mergeable: true });
  expect(files).toMatchObject([{ filename: 'one.txt', status: 'added', patch: '@@ -0,0 +1 @@\n+one' }]);
  expect(commits).toHaveLength(1);
  expect(byHead.map((one) => one.number)).toEqual([pull.number]);
});

test('a second pull request of the same head, and one without commits, are refused as on GitHub', async () => {
  await createBranch(github, 'pulls', 'two');
  await github.person.rest.pulls.create({ ...at, title: 'Two', head: 'two', base: 'main' });
  const { data: main } = await github.person.rest.git.getRef({ ...at, ref: 'heads/main' });
  await github.person.rest.git.createRef({ ...at, ref: 'refs/heads/nothing', sha: main.object.sha });

  const create = (head: string) => github.person.rest.pulls.create({ ...at, title: 'Two', head, base: 'main' });

  await expect(create('two')).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('A pull request already exists for acme:two.'),
  });
  await expect(create('nothing')).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('No commits between main and nothing'),
  });
  await expect(create('missing')).rejects.toMatchObject({ status: 422 });
});

test('merging obeys the expected head, conflicts and protection, and happens once', async () => {
  await createBranch(github, 'pulls', 'three', 'shared.txt');
  await createBranch(github, 'pulls', 'rival', 'shared.txt');
  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'Three', head: 'three', base: 'main' });
  const { data: rival } = await github.person.rest.pulls.create({ ...at, title: 'Rival', head: 'rival', base: 'main' });
  const merge = (pull_number: number, sha?: string) =>
    github.person.rest.pulls.merge({ ...at, pull_number, merge_method: 'squash', ...(sha ? { sha } : {}) });

  await expect(merge(pull.number, '0'.repeat(40))).rejects.toMatchObject({ status: 409 });
  await github.control('POST', '/protected-branches', { repository: 'acme/pulls', branch: 'main' });
  await expect(merge(pull.number)).rejects.toMatchObject({ status: 405 });
  await github.control('POST', '/protected-branches', { repository: 'acme/pulls', branch: 'main', protected: false });
  const merged = await merge(pull.number, pull.head.sha);

  await expect(merge(pull.number)).rejects.toMatchObject({ status: 405 });
  await expect(merge(rival.number)).rejects.toMatchObject({ status: 405 });
  const { data: commit } = await github.person.rest.repos.getCommit({ ...at, ref: 'main' });
  expect(commit).toMatchObject({ sha: merged.data.sha, commit: { message: `Three (#${pull.number})` } });
  expect((await github.person.rest.pulls.checkIfMerged({ ...at, pull_number: pull.number })).status).toBe(204);
  await expect(github.person.rest.pulls.checkIfMerged({ ...at, pull_number: rival.number })).rejects.toMatchObject({
    status: 404,
  });
});

test('changes in different lines of one file merge without conflict', async () => {
  const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  await putFile(github, { repo: 'pulls', path: 'lines.txt', content: `${lines.join('\n')}\n` });
  const { data: before } = await github.person.rest.repos.getContent({ ...at, path: 'lines.txt' });
  const sha = (before as { sha: string }).sha;
  await createBranch(github, 'pulls', 'lines', 'other.txt');
  await putFile(github, {
    repo: 'pulls',
    path: 'lines.txt',
    content: `${['A', ...lines.slice(1)].join('\n')}\n`,
    branch: 'lines',
    sha,
  });
  await putFile(github, {
    repo: 'pulls',
    path: 'lines.txt',
    content: `${[...lines.slice(0, -1), 'I'].join('\n')}\n`,
    sha,
  });
  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'Lines', head: 'lines', base: 'main' });

  const merged = await github.person.rest.pulls.merge({ ...at, pull_number: pull.number });

  const raw = await github.person.rest.repos.getContent({ ...at, path: 'lines.txt', mediaType: { format: 'raw' } });
  const { data: commit } = await github.person.rest.git.getCommit({ ...at, commit_sha: merged.data.sha });
  expect(raw.data as unknown).toBe(`${['A', ...lines.slice(1, -1), 'I'].join('\n')}\n`);
  expect(commit.parents).toHaveLength(2);
});

test('a new head is a synchronize, a head moved back to the base closes the pull request', async () => {
  await createBranch(github, 'pulls', 'four');
  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'Four', head: 'four', base: 'main' });

  const next = await putFile(github, { repo: 'pulls', path: 'more.txt', content: 'more\n', branch: 'four' });
  const { data: main } = await github.person.rest.git.getRef({ ...at, ref: 'heads/main' });
  await github.person.rest.git.updateRef({ ...at, ref: 'heads/four', sha: main.object.sha, force: true });

  const moved = await github.webhook(
    'pull_request',
    (one) => one.action === 'synchronize' && one.number === pull.number,
  );
  const closed = await github.webhook('pull_request', (one) => one.action === 'closed' && one.number === pull.number);
  expect(moved.payload).toMatchObject({ before: pull.head.sha, after: next });
  expect(closed.payload.pull_request).toMatchObject({ state: 'closed', merged: false });
});

test('pushing the head to the base by hand merges the pull request', async () => {
  const head = await createBranch(github, 'pulls', 'five');
  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'Five', head: 'five', base: 'main' });

  await github.person.rest.git.updateRef({ ...at, ref: 'heads/main', sha: head });

  const { data: after } = await github.person.rest.pulls.get({ ...at, pull_number: pull.number });
  expect(after).toMatchObject({ merged: true, merge_commit_sha: head, merged_by: { login: 'you' } });
});

test('a pull request from a fork keeps its commits in the base, and closes with its branch', async () => {
  const { token } = (await github.control('POST', '/users', { login: 'guest' })).body;
  const guest = github.octokit(token);
  await guest.rest.repos.createFork(at);
  const fork = { owner: 'guest', repo: 'pulls' };
  const { data: main } = await guest.rest.git.getRef({ ...fork, ref: 'heads/main' });
  await guest.rest.git.createRef({ ...fork, ref: 'refs/heads/idea', sha: main.object.sha });
  const content = Buffer.from('idea\n').toString('base64');
  await guest.rest.repos.createOrUpdateFileContents({
    ...fork,
    path: 'i.txt',
    message: 'Idea',
    content,
    branch: 'idea',
  });

  const { data: pull } = await guest.rest.pulls.create({ ...at, title: 'Idea', head: 'guest:idea', base: 'main' });

  const { data: commit } = await github.app.rest.git.getCommit({ ...at, commit_sha: pull.head.sha });
  expect(pull.head).toMatchObject({ label: 'guest:idea', repo: { full_name: 'guest/pulls', fork: true } });
  expect(commit.message).toBe('Idea');
  await expect(guest.rest.pulls.merge({ ...at, pull_number: pull.number })).rejects.toMatchObject({ status: 403 });
  await guest.rest.git.deleteRef({ ...fork, ref: 'heads/idea' });
  const closed = await github.webhook('pull_request', (one) => one.action === 'closed' && one.number === pull.number);
  expect(closed.payload.sender.login).toBe('guest');
});

test('a closed pull request is edited and reopened', async () => {
  await createBranch(github, 'pulls', 'six');
  const { data: pull } = await github.person.rest.pulls.create({ ...at, title: 'Six', head: 'six', base: 'main' });
  const edit = { ...at, pull_number: pull.number };

  await github.person.rest.pulls.update({ ...edit, state: 'closed' });
  await github.person.rest.pulls.update({ ...edit, title: 'Six again', state: 'open' });

  const edited = await github.webhook('pull_request', (one) => one.action === 'edited' && one.number === pull.number);
  await github.webhook('pull_request', (one) => one.action === 'reopened' && one.number === pull.number);
  expect(edited.payload.changes).toEqual({ title: { from: 'Six' } });
});
