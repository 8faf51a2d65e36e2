import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub, mutationsOf } from './fake-github.ts';
import { fakeCommit, fakeDeployments, sha } from './fake-repository.ts';
import {
  fakePullRequest,
  made,
  opened,
  pathed,
  present,
  repository,
  request,
  url,
  wanted,
} from './proposal-fixtures.ts';

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

const mutations = (index = 0) => mutationsOf(fake.calls[index]);
const knowInstallation = () => void fake.on('GET /repos/acme/mcp-server-deployments/installation', 200, { id: 5 });

describe('propose on a retry', () => {
  beforeEach(() => knowInstallation());

  test('opens the pull request for a commit that an earlier try made', async () => {
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), {
          ref: { id: 'REF_branch', target: fakeCommit(sha('c'), pathed(wanted), sha('d')) },
        }),
      ),
    );
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(request, true);

    expect(outcome).toEqual(opened);
    expect(mutations(1)).toEqual(['createPullRequest']);
  });

  test('commits on a branch that an earlier try made', async () => {
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), { ref: { id: 'REF_branch', target: fakeCommit(sha('d'), {}) } }),
      ),
    );
    fake.graphql(made);

    await fake.github.proposals.propose(request, true);

    expect(mutations(1)).toEqual(['createCommitOnBranch', 'createPullRequest']);
  });

  test('makes no second commit in the pull request of an earlier try', async () => {
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), {
          ref: { id: 'REF_branch', target: fakeCommit(sha('c'), pathed(wanted), sha('d')) },
          pullRequests: fakePullRequest({ state: 'OPEN', headRefOid: sha('c'), body: request.body }),
        }),
      ),
    );
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(request, true);

    expect(outcome).toEqual(opened);
    expect(mutations(1)).toEqual(['updatePullRequest']);
  });

  test('finds that its pull request was merged', async () => {
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('f'), pathed(wanted)), {
          pullRequests: fakePullRequest({
            state: 'MERGED',
            body: `${request.body}\n`,
            mergeCommit: { oid: sha('f') },
            mergedBy: { __typename: 'User', login: 'you' },
          }),
        }),
      ),
    );

    const outcome = await fake.github.proposals.propose(request, true);

    expect(outcome).toEqual({
      kind: 'merged',
      pullRequest: { repository, number: 9, url, nodeId: 'PR_9' },
      mergeSha: sha('f'),
      mergedBy: 'you',
    });
  });

  test('does not open again what a person closed', async () => {
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), {
          pullRequests: fakePullRequest({ state: 'CLOSED', body: request.body, headRefOid: sha('c') }),
        }),
      ),
    );

    const outcome = await fake.github.proposals.propose(request, true);

    expect(outcome).toEqual(opened);
    expect(fake.calls).toHaveLength(1);
  });
});
