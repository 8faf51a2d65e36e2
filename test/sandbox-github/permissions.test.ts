import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import {
  createTestRepository,
  graphql,
  installationToken,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from './start-test-github.ts';

let github: TestGitHub;

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'open');
  await github.person.rest.repos.createInOrg({ org: 'acme', name: 'secret', private: true, auto_init: true });
});

afterAll(() => stopWithoutViolations(github));

test.each([
  ['pull', 'read', 'read'],
  ['triage', 'read', 'triage'],
  ['push', 'write', 'write'],
  ['maintain', 'write', 'maintain'],
  ['admin', 'admin', 'admin'],
])('a collaborator added with "%s" has permission %s and role %s', async (word, permission, role) => {
  const login = `person-${word}`;
  const { token } = (await github.control('POST', '/users', { login })).body;
  await github.person.rest.repos.addCollaborator({
    owner: 'acme',
    repo: 'secret',
    username: login,
    permission: word as 'push',
  });

  const { data } = await github.app.rest.repos.getCollaboratorPermissionLevel({
    owner: 'acme',
    repo: 'secret',
    username: login,
  });

  expect(data).toMatchObject({ permission, role_name: role, user: { login } });
  await github.octokit(token).rest.repos.get({ owner: 'acme', repo: 'secret' });
});

test('a stranger reads what is public only, and somebody unknown is a 404', async () => {
  const { token } = (await github.control('POST', '/users', { login: 'passer-by' })).body;
  const stranger = github.octokit(token);
  const permission = (repo: string, username: string) =>
    github.app.rest.repos.getCollaboratorPermissionLevel({ owner: 'acme', repo, username });

  expect((await permission('open', 'passer-by')).data.permission).toBe('read');
  expect((await permission('secret', 'passer-by')).data.permission).toBe('none');
  await expect(permission('open', 'nobody-at-all')).rejects.toMatchObject({ status: 404 });
  await expect(stranger.rest.repos.get({ owner: 'acme', repo: 'secret' })).rejects.toMatchObject({ status: 404 });
  const hidden = await graphql(github, token, '{ repository(owner: "acme", name: "secret") { id } }');
  expect(hidden.errors).toMatchObject([{ type: 'NOT_FOUND' }]);
});

test('a reader comments and reacts, but does not write', async () => {
  const { token } = (await github.control('POST', '/users', { login: 'reader' })).body;
  const reader = github.octokit(token);
  const at = { owner: 'acme', repo: 'open' };
  const { data: issue } = await reader.rest.issues.create({ ...at, title: 'Hello' });

  const { data: comment } = await reader.rest.issues.createComment({ ...at, issue_number: issue.number, body: 'hi' });
  await reader.rest.reactions.createForIssueComment({ ...at, comment_id: comment.id, content: 'eyes' });

  const content = Buffer.from('x').toString('base64');
  const file = { ...at, path: 'x', message: 'x', content };
  await expect(reader.rest.repos.createOrUpdateFileContents(file)).rejects.toMatchObject({ status: 403 });
  await expect(reader.rest.checks.create({ ...at, name: 'x', head_sha: '0'.repeat(40) })).rejects.toMatchObject({
    status: 403,
  });
});

test('an installation token reaches its own repositories with its own permissions only', async () => {
  const { token: mine } = (await github.control('POST', '/users', { login: 'owner' })).body;
  await github.octokit(mine).rest.repos.createForAuthenticatedUser({ name: 'mine', auto_init: true });
  const narrow = github.octokit(
    await installationToken(github, { repositories: ['open'], permissions: { issues: 'read', metadata: 'read' } }),
  );

  const refused = { status: 403, message: expect.stringContaining('Resource not accessible by integration') };
  await expect(github.app.rest.issues.create({ owner: 'owner', repo: 'mine', title: 'x' })).rejects.toMatchObject(
    refused,
  );
  await expect(narrow.rest.repos.get({ owner: 'acme', repo: 'secret' })).rejects.toMatchObject({ status: 404 });
  await expect(narrow.rest.issues.create({ owner: 'acme', repo: 'open', title: 'x' })).rejects.toMatchObject(refused);
  await expect(installationToken(github, { permissions: { administration: 'write' } })).rejects.toMatchObject({
    status: 422,
  });
  const { data } = await narrow.rest.apps.listReposAccessibleToInstallation();
  expect(data.repositories.map((one) => one.name)).toEqual(['open']);
});

test('an App without the workflows permission cannot write a workflow', async () => {
  const token = await installationToken(github, { permissions: { contents: 'write' } });
  const content = Buffer.from('on: push\n').toString('base64');

  const write = github.octokit(token).rest.repos.createOrUpdateFileContents({
    owner: 'acme',
    repo: 'open',
    path: '.github/workflows/x.yml',
    message: 'x',
    content,
  });

  await expect(write).rejects.toMatchObject({ status: 403, message: expect.stringContaining('workflows') });
});

test('a JWT counts only when signed by the App, for the App, and short-lived', async () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const now = Math.floor(Date.now() / 1_000);
  const forged = await new SignJWT({ iss: '4711', iat: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'RS256' })
    .sign(key);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"iss":4711,"exp":${now + 60}}`).toString('base64url')}.`;

  for (const jwt of [forged, unsigned, 'a.b.c']) {
    const answer = await fetch(`${github.url}/app`, { headers: { authorization: `Bearer ${jwt}` } });
    expect(answer.status).toBe(401);
  }
  expect((await github.appJwt.rest.apps.getAuthenticated()).data).toMatchObject({ id: 4711, slug: 'mcp-hosting' });
});

test('without the App installed its webhooks stay out and its lookups are 404', async () => {
  await github.control('DELETE', '/installations', { account: 'acme' });
  const seen = github.webhooks.length;

  await github.person.rest.issues.create({ owner: 'acme', repo: 'open', title: 'Unheard' });

  const lookUp = github.appJwt.rest.apps.getRepoInstallation({ owner: 'acme', repo: 'open' });
  await expect(lookUp).rejects.toMatchObject({ status: 404 });
  await github.control('POST', '/installations', { account: 'acme' });
  await github.person.rest.issues.create({ owner: 'acme', repo: 'open', title: 'Heard' });
  await github.webhook('issues', (one) => one.issue.title === 'Heard');
  expect(github.webhooks.slice(seen).map((one) => one.payload.issue.title)).toEqual(['Heard']);
});
