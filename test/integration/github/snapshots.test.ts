import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub, GitHubProblem } from './fake-github.ts';
import { fakeCommit, fakeDeployments, fakeSource, repositories, sha } from './fake-repository.ts';

const repository = { owner: 'acme', name: 'hello-server' };
const query = { installationId: 5, repository };

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

const sourceFiles = {
  '.mcp-hosting.yml': 'name: hello\n',
  'package.json': '{"name":"hello"}',
  Dockerfile: 'FROM scratch',
  '.github/workflows/mcp-hosting.yml': 'on: workflow_dispatch',
};

describe('readBoth', () => {
  test('reads a new server with one request', async () => {
    fake.graphql({
      repository: repositories(
        fakeSource(fakeCommit(sha('a'), sourceFiles), {
          issueOrPullRequest: { __typename: 'Issue', id: 'I_1' },
        }),
        fakeDeployments(fakeCommit(sha('d'), { 'mcp-hosting.yml': 'merge: auto\n' })),
      ),
    });

    const { source, deployments } = await fake.github.snapshots.readBoth({ ...query, issue: 1 });

    expect(fake.calls).toHaveLength(1);
    expect(fake.rest).toEqual([]);
    expect(source).toEqual({
      repositoryNodeId: 'R_source',
      repositoryId: 7,
      defaultBranch: 'main',
      commitSha: sha('a'),
      refId: 'REF_main',
      isPrivate: false,
      workflowPresent: true,
      configText: 'name: hello\n',
      packageJsonText: '{"name":"hello"}',
      pyprojectText: null,
      requirementsPresent: false,
      dockerfilePresent: true,
      issueNodeId: 'I_1',
      pullRequest: null,
    });
    expect(deployments).toEqual({
      installationId: 5,
      repository: { owner: 'acme', name: 'mcp-server-deployments' },
      repositoryNodeId: 'R_deployments',
      defaultBranch: 'main',
      headSha: sha('d'),
      policyText: 'merge: auto\n',
      overlay: {},
      branch: null,
      pullRequest: null,
    });
  });

  test('reads overlay, branch and the newest pull request that is no fork', async () => {
    const pullRequest = {
      url: 'https://github.test/acme/mcp-server-deployments/pull/9',
      state: 'OPEN',
      body: 'words',
      headRefOid: sha('b'),
      mergeCommit: null,
      mergedBy: null,
    };
    fake.graphql({
      repository: repositories(
        fakeSource(fakeCommit(sha('a'), sourceFiles)),
        fakeDeployments(
          fakeCommit(sha('d'), { 'servers/hello-x1/service.yaml': 'old', 'servers/other-x2/service.yaml': 'other' }),
          {
            ref: {
              id: 'REF_branch',
              target: fakeCommit(
                sha('b'),
                { 'servers/hello-x1/service.yaml': 'new', 'servers/hello-x1/patches/memory.yaml': 'patch' },
                sha('d'),
              ),
            },
            pullRequests: {
              nodes: [
                { ...pullRequest, id: 'PR_fork', number: 10, isCrossRepository: true },
                { ...pullRequest, id: 'PR_9', number: 9, isCrossRepository: false },
              ],
            },
          },
        ),
      ),
    });

    const { deployments } = await fake.github.snapshots.readBoth({ ...query, serverId: 'hello-x1' });

    expect(fake.calls[0]?.variables).toMatchObject({
      overlayPath: 'servers/hello-x1',
      branchRef: 'refs/heads/mcp-hosting/hello-x1',
      branch: 'mcp-hosting/hello-x1',
    });
    expect(deployments.overlay).toEqual({ 'service.yaml': 'old' });
    expect(deployments.branch).toMatchObject({
      refId: 'REF_branch',
      headSha: sha('b'),
      overlay: { 'service.yaml': 'new', 'patches/memory.yaml': 'patch' },
    });
    expect(deployments.pullRequest).toMatchObject({ number: 9, nodeId: 'PR_9', state: 'OPEN', headSha: sha('b') });
  });

  test('takes the head of a fork’s pull request, and no ref of it', async () => {
    const head = fakeCommit(sha('f'), { 'package.json': '{"fork":true}' });
    fake.graphql({
      repository: repositories(
        fakeSource(fakeCommit(sha('a'), sourceFiles), {
          issueOrPullRequest: {
            __typename: 'PullRequest',
            id: 'PR_3',
            number: 3,
            state: 'OPEN',
            isCrossRepository: true,
            headRefName: 'feature',
            headRefOid: sha('f'),
            headRef: { id: 'REF_of_the_fork' },
            headRepository: { name: 'hello-server', owner: { __typename: 'User', login: 'stranger' } },
            commits: { nodes: [{ commit: head }] },
          },
        }),
        fakeDeployments(fakeCommit(sha('d'), {})),
      ),
    });

    const { source } = await fake.github.snapshots.readBoth({ ...query, issue: 3 });

    expect(fake.calls).toHaveLength(1);
    expect(source).toMatchObject({
      commitSha: sha('f'),
      refId: null,
      workflowPresent: true,
      packageJsonText: '{"fork":true}',
      configText: null,
      issueNodeId: 'PR_3',
      pullRequest: {
        fork: true,
        headRepository: { owner: 'stranger', name: 'hello-server' },
        headBranch: 'feature',
        state: 'OPEN',
      },
    });
  });

  test('reads the head by its id where the list of commits ends elsewhere', async () => {
    const pullRequest = {
      __typename: 'PullRequest',
      id: 'PR_3',
      number: 3,
      state: 'OPEN',
      isCrossRepository: false,
      headRefName: 'feature',
      headRefOid: sha('f'),
      headRef: { id: 'REF_feature' },
      headRepository: null,
      commits: { nodes: [{ commit: fakeCommit(sha('e'), {}) }] },
    };
    const source = fakeSource(fakeCommit(sha('a'), {}), { issueOrPullRequest: pullRequest });
    fake.graphql({ repository: repositories(source, fakeDeployments(fakeCommit(sha('d'), {}))) });
    fake.graphql({ repository: () => ({ object: fakeCommit(sha('f'), { 'package.json': '{}' }) }) });

    const read = await fake.github.snapshots.readBoth({ ...query, issue: 3 });

    expect(read.source).toMatchObject({ commitSha: sha('f'), packageJsonText: '{}', refId: 'REF_feature' });
    expect(fake.calls.map((call) => call.operation)).toEqual(['ReadBoth', 'ReadCommitFiles']);
  });

  test('reads in two requests where the repositories belong to two accounts', async () => {
    fake.on('GET /repos/acme/mcp-server-deployments/installation', 200, { id: 6 });
    fake.graphql({ repository: () => fakeSource(fakeCommit(sha('a'), {})) });
    fake.graphql({ repository: () => fakeDeployments(fakeCommit(sha('d'), {})) });

    const read = await fake.github.snapshots.readBoth({
      installationId: 5,
      repository: { owner: 'else', name: 'hello-server' },
    });

    expect(read.deployments.installationId).toBe(6);
    expect(fake.calls.map((call) => call.operation)).toEqual(['ReadSource', 'ReadDeployments']);
    expect(fake.tokensMinted).toBe(2);
  });

  test('reads an issue that is gone as none', async () => {
    fake.graphql({
      repository: repositories(
        fakeSource(fakeCommit(sha('a'), {}), {
          issueOrPullRequest: () => {
            throw new GitHubProblem('NOT_FOUND');
          },
        }),
        fakeDeployments(fakeCommit(sha('d'), {})),
      ),
    });

    const { source } = await fake.github.snapshots.readBoth({ ...query, issue: 404 });

    expect(source.issueNodeId).toBeNull();
  });

  const unreadable = {
    'a binary file': { text: null, isBinary: true, byteSize: 10 },
    'a truncated file': { text: 'x', isTruncated: true, byteSize: 600_000 },
    'a file that is too large': { text: 'x', byteSize: 256 * 1024 + 1 },
    'a symbolic link': { text: '../../etc/passwd', mode: 0o120000 },
  };
  test.each(Object.entries(unreadable))('tells of %s', async (_name, blob) => {
    fake.graphql({
      repository: repositories(
        fakeSource(fakeCommit(sha('a'), { 'package.json': blob })),
        fakeDeployments(fakeCommit(sha('d'), {})),
      ),
    });

    const { source } = await fake.github.snapshots.readBoth(query);

    expect(source.unreadable).toMatchObject({
      code: 'file-unreadable',
      message: expect.stringContaining('package.json'),
    });
    expect(source.packageJsonText).toBeNull();
  });

  test('says that an empty repository is empty', async () => {
    fake.graphql({
      repository: repositories(
        { id: 'R', databaseId: 7, isPrivate: true, defaultBranchRef: null },
        fakeDeployments(fakeCommit(sha('d'), {})),
      ),
    });

    const reading = fake.github.snapshots.readBoth(query);

    await expect(reading).rejects.toMatchObject({ code: 'repository-empty' });
  });

  test('says that the App does not see the server repository', async () => {
    fake.graphql({
      repository: ({ name }: { name: string }) => {
        if (name === 'hello-server') throw new GitHubProblem('NOT_FOUND');
        return fakeDeployments(fakeCommit(sha('d'), {}));
      },
    });

    const reading = fake.github.snapshots.readBoth(query);

    await expect(reading).rejects.toMatchObject({ code: 'github-not-found' });
  });

  test('never splices text into the document', async () => {
    const hostile = 'x") { viewer { login } } #';
    fake.graphql({ repository: () => null });

    await fake.github.snapshots
      .readBoth({ installationId: 5, repository: { owner: 'acme', name: hostile }, serverId: hostile })
      .catch(() => {});

    expect(fake.calls[0]?.document).not.toContain('viewer');
  });

  const overlays = {
    'overlay-too-deep': { 'servers/hello-x1/a/b/c.yaml': 'deep' },
    'overlay-too-large': Object.fromEntries(
      Array.from({ length: 101 }, (_, index) => [`servers/hello-x1/${index}.yaml`, 'x']),
    ),
  };
  test.each(Object.entries(overlays))('says %s', async (code, files) => {
    const deployments = fakeDeployments(fakeCommit(sha('d'), files));
    fake.graphql({ repository: repositories(fakeSource(fakeCommit(sha('a'), {})), deployments) });

    const reading = fake.github.snapshots.readBoth({ ...query, serverId: 'hello-x1' });

    await expect(reading).rejects.toMatchObject({ name: 'UserError', code });
  });
});
