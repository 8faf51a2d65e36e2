import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import nock from 'nock';
import { createGitHub } from '../../../src/adapters/github/create-github.ts';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
const repository = { owner: 'acme', name: 'hello-server' };

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});
// It has replaced functions of `node:net` for good, for every test file that runs later in this process.
afterAll(() => nock.restore());

test.each([
  ['https://api.github.com', 'https://api.github.com/graphql'],
  ['https://api.github.com/', 'https://api.github.com/graphql'],
  ['https://github.acme.test/api/v3', 'https://github.acme.test/api/graphql'],
])('%s is asked for REST, and %s for GraphQL', async (apiUrl, graphqlUrl) => {
  const token = { token: 'ghs_1', expires_at: '2099-01-01T00:00:00Z', permissions: {} };
  const graphql = new URL(graphqlUrl);
  const rest = nock(apiUrl.replace(/\/$/, ''))
    .post('/app/installations/5/access_tokens')
    .matchHeader('authorization', /^bearer ey/)
    .reply(201, token)
    .get('/repos/acme/hello-server/collaborators/you/permission')
    .matchHeader('authorization', 'token ghs_1')
    .reply(200, { permission: 'write', role_name: 'write' });
  const documents = nock(graphql.origin)
    .post(graphql.pathname)
    .matchHeader('authorization', 'token ghs_1')
    .reply(200, { data: { repository: { issueOrPullRequest: null } } });
  const { permissions, reports } = createGitHub({
    appId: 1,
    privateKey,
    apiUrl,
    requestTimeoutMs: 5_000,
    deploymentsRepository: { owner: 'acme', name: 'mcp-server-deployments' },
    writeBudget: { take: async () => 0 },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });

  const permission = await permissions.permissionOf(5, repository, 'you');
  await reports.reply({ installationId: 5, repository, issue: 1, marker: '<!-- m -->', body: 'No.', retry: false });

  expect(permission).toBe('write');
  expect(rest.isDone() && documents.isDone()).toBe(true);
});
