import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub, mutationsOf } from './fake-github.ts';
import { fakeCommit, fakeDeployments, sha } from './fake-repository.ts';
import {
  fakePullRequest,
  made,
  marker,
  opened,
  openPullRequest,
  pathed,
  present,
  refused,
  request,
  snapshot,
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

describe('propose', () => {
  test('makes branch, commit and pull request with one request', async () => {
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(request, false);

    expect(outcome).toEqual(opened);
    expect(fake.calls).toHaveLength(1);
    expect(mutations()).toEqual(['createRef', 'createCommitOnBranch', 'createPullRequest']);
    expect(fake.written).toEqual([{ installationId: 5, calls: 3 }]);
    expect(fake.calls[0]?.variables).toEqual({
      ref: { repositoryId: 'R_deployments', name: 'refs/heads/mcp-hosting/hello-x1', oid: sha('d') },
      commit: {
        branch: { repositoryNameWithOwner: 'acme/mcp-server-deployments', branchName: 'mcp-hosting/hello-x1' },
        expectedHeadOid: sha('d'),
        message: { headline: 'Deploy hello', body: 'From commit a.' },
        fileChanges: {
          additions: [
            { path: 'servers/hello-x1/kustomization.yaml', contents: btoa('k: 2\n') },
            { path: 'servers/hello-x1/service.yaml', contents: Buffer.from('s: ü\n').toString('base64') },
          ],
          deletions: [],
        },
      },
      pullRequest: {
        repositoryId: 'R_deployments',
        baseRefName: 'main',
        headRefName: 'mcp-hosting/hello-x1',
        title: 'Deploy hello',
        body: request.body,
      },
    });
  });

  test('adds one commit to the open pull request, with only what differs from its branch', async () => {
    fake.graphql(made);
    const branch = {
      refId: 'REF_branch',
      headSha: sha('b'),
      overlay: { 'kustomization.yaml': 'k: 1\n', 'service.yaml': 's: ü\n', 'ingress.yaml': 'gone' },
    };

    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, branch, pullRequest: openPullRequest } },
      false,
    );

    expect(outcome).toEqual(opened);
    expect(mutations()).toEqual(['createCommitOnBranch', 'updatePullRequest']);
    expect(fake.calls[0]?.variables.commit).toMatchObject({
      expectedHeadOid: sha('b'),
      fileChanges: {
        additions: [{ path: 'servers/hello-x1/kustomization.yaml', contents: btoa('k: 2\n') }],
        deletions: [{ path: 'servers/hello-x1/ingress.yaml' }],
      },
    });
  });

  test('resets a branch that was left over', async () => {
    fake.graphql(made);
    const branch = { refId: 'REF_branch', headSha: sha('b'), overlay: wanted };

    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, branch, pullRequest: { ...openPullRequest, state: 'MERGED' } } },
      false,
    );

    expect(outcome).toEqual(opened);
    expect(mutations()).toEqual(['updateRef', 'createCommitOnBranch', 'createPullRequest']);
    expect(fake.calls[0]?.variables.ref).toEqual({ refId: 'REF_branch', oid: sha('d'), force: true });
  });

  test('deletes the directory when no files are wanted', async () => {
    fake.graphql(made);

    await fake.github.proposals.propose({ ...request, files: {}, snapshot: { ...snapshot, overlay: wanted } }, false);

    expect(fake.calls[0]?.variables.commit).toMatchObject({
      fileChanges: {
        additions: [],
        deletions: [{ path: 'servers/hello-x1/kustomization.yaml' }, { path: 'servers/hello-x1/service.yaml' }],
      },
    });
  });

  test('does nothing where the default branch holds the files', async () => {
    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, overlay: wanted } },
      false,
    );

    expect(outcome).toEqual({ kind: 'unchanged', headSha: sha('d') });
    expect(fake.calls).toEqual([]);
  });

  test('closes an open pull request that has nothing left to change', async () => {
    fake.graphql(made);
    const branch = { refId: 'REF_branch', headSha: sha('b'), overlay: {} };

    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, overlay: wanted, branch, pullRequest: openPullRequest } },
      false,
    );

    expect(outcome).toEqual({ kind: 'unchanged', headSha: sha('d') });
    expect(mutations()).toEqual(['closePullRequest']);
  });

  test('keeps the marker as the last line of a body that must be cut', async () => {
    fake.graphql(made);

    await fake.github.proposals.propose({ ...request, body: `${'x'.repeat(70_000)}\n\n${marker}` }, false);

    const { body = '' } = (fake.calls[0]?.variables.pullRequest ?? {}) as { body?: string };
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body.split('\n').at(-1)).toBe(marker);
  });

  test('reads anew when a person pushed to the branch', async () => {
    knowInstallation();
    const branch = { refId: 'REF_branch', headSha: sha('b'), overlay: {} };
    fake.graphql({ ...made, createCommitOnBranch: refused('STALE_DATA') });
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), {
          ref: { id: 'REF_branch', target: fakeCommit(sha('e'), pathed({ 'service.yaml': 'theirs' }), sha('b')) },
          pullRequests: fakePullRequest({ state: 'OPEN' }),
        }),
      ),
    );
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, branch, pullRequest: openPullRequest } },
      false,
    );

    expect(outcome).toEqual(opened);
    expect(fake.calls[2]?.variables.commit).toMatchObject({ expectedHeadOid: sha('e') });
  });

  test('reads anew when branch and pull request exist already', async () => {
    knowInstallation();
    fake.graphql({
      createRef: refused('UNPROCESSABLE', 'A ref named "refs/heads/mcp-hosting/hello-x1" already exists'),
      createCommitOnBranch: refused('STALE_DATA'),
      createPullRequest: refused('UNPROCESSABLE', 'A pull request already exists for acme:mcp-hosting/hello-x1.'),
    });
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('d'), {}), {
          ref: { id: 'REF_branch', target: fakeCommit(sha('c'), pathed(wanted), sha('d')) },
          pullRequests: fakePullRequest({ state: 'OPEN', headRefOid: sha('c') }),
        }),
      ),
    );
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(request, false);

    expect(outcome).toEqual(opened);
    expect(mutations(2)).toEqual(['updatePullRequest']);
  });

  test('makes a new pull request when the open one was merged in between', async () => {
    knowInstallation();
    const branch = { refId: 'REF_branch', headSha: sha('b'), overlay: {} };
    fake.graphql({
      ...made,
      updatePullRequest: () => ({ pullRequest: { id: 'PR_9', number: 9, url, state: 'MERGED' } }),
    });
    fake.graphql(
      present(
        fakeDeployments(fakeCommit(sha('f'), pathed({ 'service.yaml': 'first' })), {
          ref: { id: 'REF_branch', target: fakeCommit(sha('c'), pathed(wanted), sha('b')) },
          pullRequests: fakePullRequest({ state: 'MERGED', mergeCommit: { oid: sha('f') }, body: request.body }),
        }),
      ),
    );
    fake.graphql(made);

    const outcome = await fake.github.proposals.propose(
      { ...request, snapshot: { ...snapshot, branch, pullRequest: openPullRequest } },
      false,
    );

    expect(outcome).toEqual(opened);
    expect(mutations(2)).toEqual(['updateRef', 'createCommitOnBranch', 'createPullRequest']);
  });

  test('gives up a race after three tries', async () => {
    knowInstallation();
    const lost = { ...made, createCommitOnBranch: refused('STALE_DATA') };
    const read = present(fakeDeployments(fakeCommit(sha('d'), {})));
    fake.graphql(lost).graphql(read).graphql(lost).graphql(read).graphql(lost);

    const proposing = fake.github.proposals.propose(request, false);

    await expect(proposing).rejects.toMatchObject({ name: 'RetryLaterError' });
  });

  test('says what GitHub’s rules refuse', async () => {
    knowInstallation();
    const lost = { ...made, createPullRequest: refused('UNPROCESSABLE', 'Title is not allowed') };
    const read = present(fakeDeployments(fakeCommit(sha('d'), {})));
    fake.graphql(lost).graphql(read).graphql(lost).graphql(read).graphql(lost);

    const proposing = fake.github.proposals.propose(request, false);

    await expect(proposing).rejects.toMatchObject({ code: 'proposal-refused' });
  });

  test('does not try again without the permission', async () => {
    fake.graphql({ ...made, createRef: refused('FORBIDDEN', 'Resource not accessible by integration') });

    const proposing = fake.github.proposals.propose(request, false);

    await expect(proposing).rejects.toMatchObject({ code: 'github-forbidden' });
  });
});
