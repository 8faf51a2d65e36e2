import { afterEach, describe, expect, test } from '@jest/globals';
import { mapGitHubError } from '../../../src/adapters/github/map-github-error.ts';
import { FakeGitHub } from './fake-github.ts';
import { fakeCommit, fakeDeployments, sha } from './fake-repository.ts';

const hello = { owner: 'acme', name: 'hello-server' };
const permission = 'GET /repos/acme/hello-server/collaborators/you/permission';

let fake: FakeGitHub;
afterEach(() => fake.close());

describe('a REST request', () => {
  test.each([
    [502, {}, 5_000],
    [503, { 'retry-after': '17' }, 17_000],
    [429, {}, 60_000],
    [403, { 'retry-after': '30' }, 30_000],
    [403, { 'retry-after': 'soon', 'x-ratelimit-remaining': '0' }, 60_000],
    [403, { 'retry-after': '999999' }, 3_600_000],
  ])('is tried again after %i %j', async (status, headers, afterMs) => {
    fake = await FakeGitHub.start();
    fake.on(permission, status, { message: 'words' }, headers);

    const asking = fake.github.permissions.permissionOf(5, hello, 'you');

    await expect(asking).rejects.toMatchObject({ name: 'RetryLaterError', afterMs });
  });

  test('that never arrived is no answer of GitHub', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), { status: 500 });

    expect(mapGitHubError(error, 'read')).toMatchObject({
      name: 'RetryLaterError',
      message: 'Cannot read: no answer from GitHub',
    });
  });

  test('waits for the reset of the primary limit', () => {
    const now = 1_700_000_000_000;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 90) };
    const error = Object.assign(new Error('API rate limit exceeded'), { status: 403, response: { headers } });

    expect(mapGitHubError(error, 'read', now)).toMatchObject({ name: 'RetryLaterError', afterMs: 90_000 });
  });

  test('knows a secondary limit that has no header', () => {
    const error = Object.assign(new Error('You have exceeded a secondary rate limit'), { status: 403 });

    expect(mapGitHubError(error, 'read')).toMatchObject({ name: 'RetryLaterError', afterMs: 60_000 });
  });

  test('says which permission is missing', async () => {
    fake = await FakeGitHub.start();
    fake.on(permission, 403, { message: 'Resource not accessible by integration' });

    const asking = fake.github.permissions.permissionOf(5, hello, 'you');

    await expect(asking).rejects.toMatchObject({
      name: 'UserError',
      code: 'github-forbidden',
      message: expect.stringContaining('Resource not accessible by integration'),
    });
  });

  test('points at the archive where a repository takes no writes', async () => {
    fake = await FakeGitHub.start();
    fake.on(permission, 403, { message: 'Repository was archived so is read-only.' });

    const asking = fake.github.permissions.permissionOf(5, hello, 'you');

    await expect(asking).rejects.toMatchObject({ hint: expect.stringContaining('not archived') });
  });

  test('mints a new token once when the old one was revoked', async () => {
    fake = await FakeGitHub.start();
    // A token of the last five seconds is taken for one that has not spread yet, and tried again by Octokit itself.
    const realNow = Date.now;
    fake.on(permission, 200, { permission: 'write', role_name: 'write' });
    await fake.github.permissions.permissionOf(5, hello, 'you');
    fake.on(permission, 401, { message: 'Bad credentials' }).on(permission, 200, { permission: 'write' });

    const permissionNow = await withClockAt(realNow() + 60_000, () =>
      fake.github.permissions.permissionOf(5, hello, 'you'),
    );

    expect(permissionNow).toBe('write');
    expect(fake.tokensMinted).toBe(2);
    expect(fake.rest.map(({ authorization }) => authorization)).toEqual(['token ghs_1', 'token ghs_1', 'token ghs_2']);
  });
});

describe('a GraphQL request', () => {
  const read = () => fake.github.snapshots.readBoth({ installationId: 5, repository: { owner: 'acme', name: 'x' } });

  test.each(['hang', 'cut'] as const)('is tried again when the connection is %s', async (answer) => {
    fake = await FakeGitHub.start({ requestTimeoutMs: 1500 });
    fake.graphqlAnswers(answer);

    await expect(read()).rejects.toMatchObject({ name: 'RetryLaterError', afterMs: 5_000 });
  });

  test.each([
    ['an outage', { status: 502, body: '<html>' }, 5_000],
    ['a secondary limit', { status: 403, body: { message: 'words' }, headers: { 'retry-after': '11' } }, 11_000],
    ['no answer in it', { status: 200, body: '' }, 5_000],
    ['an answer that is no JSON', { status: 200, body: '<html>' }, 5_000],
    ['GitHub’s own timeout', { status: 200, body: { errors: [{ message: 'Something went wrong' }] } }, 5_000],
    [
      'a limit without data',
      {
        status: 200,
        body: { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] },
        headers: { 'retry-after': '7' },
      },
      7_000,
    ],
  ])('is tried again after %s', async (_name, answer, afterMs) => {
    fake = await FakeGitHub.start();
    fake.graphqlAnswers(answer);

    await expect(read()).rejects.toMatchObject({ name: 'RetryLaterError', afterMs });
  });

  test('does not take a partial outage for files that are absent', async () => {
    fake = await FakeGitHub.start();
    const deployments = fakeDeployments(fakeCommit(sha('d'), {}));
    const errors = [{ message: 'Something went wrong', path: ['source', 'defaultBranchRef', 'target', 'config'] }];
    fake.graphqlAnswers({ status: 200, body: { data: { source: deployments, deployments }, errors } });

    await expect(read()).rejects.toMatchObject({ name: 'RetryLaterError' });
  });

  test('quotes little of what GitHub says', async () => {
    fake = await FakeGitHub.start();
    const errors = [{ type: 'FORBIDDEN', message: 'x'.repeat(10_000), path: ['source'] }];
    fake.graphqlAnswers({ status: 200, body: { data: null, errors } });

    const failure = await read().catch((error: Error) => error);

    expect(failure).toMatchObject({ code: 'github-forbidden' });
    expect((failure as Error).message.length).toBeLessThan(600);
  });

  test('reports a document that GitHub does not accept as a bug', async () => {
    fake = await FakeGitHub.start();
    const errors = [{ message: "Field 'x' doesn't exist", extensions: { code: 'undefinedField' } }];
    fake.graphqlAnswers({ status: 200, body: { errors } });

    const failure = await read().catch((error: Error) => error);

    expect((failure as Error).name).toBe('Error');
  });
});

/** Runs with the clock moved; timers keep real time. */
async function withClockAt<Result>(now: number, work: () => Promise<Result>): Promise<Result> {
  const RealDate = globalThis.Date;
  globalThis.Date = class extends RealDate {
    constructor(value?: number | string) {
      super(value ?? now);
    }
    static override now() {
      return now;
    }
  } as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}
