import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub } from './fake-github.ts';
import { sha } from './fake-repository.ts';
import { refused, repository, url } from './proposal-fixtures.ts';

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

const knowInstallation = () => void fake.on('GET /repos/acme/mcp-server-deployments/installation', 200, { id: 5 });

describe('merge', () => {
  const target = { repository, number: 9, url, nodeId: 'PR_9' };
  const view = {
    state: 'OPEN',
    mergeable: 'MERGEABLE',
    isInMergeQueue: false,
    isMergeQueueEnabled: false,
    mergeCommit: null,
    mergedBy: null,
    timelineItems: { nodes: [] },
  };
  const allowed = { mergeCommitAllowed: true, squashMergeAllowed: true, rebaseMergeAllowed: false };
  const merged = { mergePullRequest: () => ({ pullRequest: { state: 'MERGED', mergeCommit: { oid: sha('f') } } }) };
  const refusal = { mergePullRequest: refused('UNPROCESSABLE', 'Merge refused') };
  const standing = (pullRequest: object, repositoryFields: object = allowed) => ({
    repository: () => ({ ...repositoryFields, pullRequest: { ...view, ...pullRequest } }),
  });

  beforeEach(() => knowInstallation());

  test('merges with one request', async () => {
    fake.graphql(merged);

    await expect(fake.github.proposals.merge(target)).resolves.toEqual({ kind: 'merged', sha: sha('f') });
    expect(fake.calls).toHaveLength(1);
  });

  test('takes a merge that happened already for success', async () => {
    fake.graphql(refusal).graphql(standing({ state: 'MERGED', mergeCommit: { oid: sha('f') } }));

    await expect(fake.github.proposals.merge(target)).resolves.toEqual({ kind: 'merged', sha: sha('f') });
  });

  test('takes the method that the repository allows', async () => {
    fake
      .graphql(refusal)
      .graphql(standing({}, { ...allowed, squashMergeAllowed: false }))
      .graphql(merged);

    await fake.github.proposals.merge(target);

    expect(fake.calls[2]?.variables.merge).toMatchObject({ mergeMethod: 'MERGE' });
  });

  test.each([
    ['merge-blocked', {}],
    ['merge-blocked', { state: 'CLOSED' }],
    ['merge-conflict', { mergeable: 'CONFLICTING' }],
  ])('says %s for %j', async (code, pullRequest) => {
    fake.graphql(refusal).graphql(standing(pullRequest));

    await expect(fake.github.proposals.merge(target)).rejects.toMatchObject({ code });
  });

  test('waits while GitHub computes whether it can be merged', async () => {
    fake.graphql(refusal).graphql(standing({ mergeable: 'UNKNOWN' }));

    await expect(fake.github.proposals.merge(target)).rejects.toMatchObject({ name: 'RetryLaterError' });
  });

  test('has it merged by the queue where the branch has one', async () => {
    const entry = { enqueuePullRequest: () => ({ mergeQueueEntry: { id: 'MQE_1' } }) };
    fake
      .graphql(refusal)
      .graphql(standing({ isMergeQueueEnabled: true }))
      .graphql(entry);

    await expect(fake.github.proposals.merge(target)).resolves.toEqual({ kind: 'queued' });

    expect(fake.calls[2]?.variables.enqueue).toEqual({ pullRequestId: 'PR_9' });
  });

  test('takes one that is in the queue already for success', async () => {
    fake.graphql(refusal).graphql(standing({ isMergeQueueEnabled: true, isInMergeQueue: true }));

    await expect(fake.github.proposals.merge(target)).resolves.toEqual({ kind: 'queued' });
    expect(fake.calls).toHaveLength(2);
  });

  test('says what the queue does not take', async () => {
    const unready = { enqueuePullRequest: refused('UNPROCESSABLE', 'Required status check is expected') };
    fake
      .graphql(refusal)
      .graphql(standing({ isMergeQueueEnabled: true }))
      .graphql(unready);

    await expect(fake.github.proposals.merge(target)).rejects.toMatchObject({
      code: 'merge-blocked',
      message: expect.stringContaining('Required status check is expected'),
    });
  });

  test('reads who closed a pull request', async () => {
    const closed = { __typename: 'ClosedEvent', actor: { __typename: 'User', login: 'you' } };
    fake.graphql(standing({ state: 'CLOSED', timelineItems: { nodes: [closed] } }));

    const read = await fake.github.proposals.readPullRequest(target);

    expect(read).toEqual({ state: 'CLOSED', mergeSha: null, mergedBy: null, closedBy: 'you', inMergeQueue: false });
  });
});

describe('contains', () => {
  const compare = `GET /repos/acme/mcp-server-deployments/compare/${sha('a')}...${sha('b')}?per_page=1`;

  test('asks nothing for equal commits and for text that is no commit', async () => {
    await expect(fake.github.proposals.contains(sha('a'), sha('a'))).resolves.toBe(true);
    await expect(fake.github.proposals.contains(sha('a'), 'main')).resolves.toBe(false);
  });

  test.each([
    ['ahead', true],
    ['identical', true],
    ['behind', false],
    ['diverged', false],
  ])('%s: %s, asked once', async (status, expected) => {
    knowInstallation();
    fake.on(compare, 200, { status });

    const first = await fake.github.proposals.contains(sha('a'), sha('b'));
    const second = await fake.github.proposals.contains(sha('a'), sha('b'));

    expect([first, second]).toEqual([expected, expected]);
  });

  test('does not remember a commit that GitHub does not know yet', async () => {
    knowInstallation();
    fake.on(compare, 404, { message: 'Not Found' }).on(compare, 200, { status: 'ahead' });

    const first = await fake.github.proposals.contains(sha('a'), sha('b'));
    const second = await fake.github.proposals.contains(sha('a'), sha('b'));

    expect([first, second]).toEqual([false, true]);
  });
});
