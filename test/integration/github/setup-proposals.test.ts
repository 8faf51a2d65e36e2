import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub, mutationsOf } from './fake-github.ts';
import { fakeCommit, fakeDeployments, sha } from './fake-repository.ts';
import { made, present, url } from './proposal-fixtures.ts';

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

const mutations = (index = 0) => mutationsOf(fake.calls[index]);

describe('proposeSetup', () => {
  const server = { owner: 'acme', name: 'hello-server' };
  const files = { '.github/workflows/mcp-hosting.yml': 'on: workflow_dispatch\n' };
  const setup = {
    installationId: 5,
    repository: server,
    files,
    title: 'Set up',
    body: 'Why.',
    message: 'Add workflow',
  };
  const plain = (fields: object) => ({ nodes: [{ id: 'PR_9', number: 9, url, isCrossRepository: false, ...fields }] });

  test('opens a pull request that adds the files', async () => {
    fake.graphql(present(fakeDeployments(fakeCommit(sha('a'), {})))).graphql(made);

    const ref = await fake.github.setupProposals.proposeSetup(setup);

    expect(ref).toEqual({ repository: server, number: 9, url });
    expect(mutations(1)).toEqual(['createRef', 'createCommitOnBranch', 'createPullRequest']);
    expect(fake.calls[1]?.variables.commit).toMatchObject({
      branch: { branchName: 'mcp-hosting/setup' },
      fileChanges: { additions: [{ path: '.github/workflows/mcp-hosting.yml' }], deletions: [] },
    });
  });

  test('keeps an open pull request', async () => {
    const found = fakeDeployments(fakeCommit(sha('a'), {}), {
      ref: { id: 'REF_setup', target: fakeCommit(sha('c'), files, sha('a')) },
      pullRequests: plain({ state: 'OPEN' }),
    });
    fake.graphql(present(found)).graphql(made);

    await fake.github.setupProposals.proposeSetup(setup);

    expect(mutations(1)).toEqual(['updatePullRequest']);
  });

  test('names the merged pull request where the files are there', async () => {
    const found = fakeDeployments(fakeCommit(sha('a'), files), { pullRequests: plain({ state: 'MERGED' }) });
    fake.graphql(present(found));

    await expect(fake.github.setupProposals.proposeSetup(setup)).resolves.toMatchObject({ number: 9 });
  });

  test('is not needed where the files came another way', async () => {
    fake.graphql(present(fakeDeployments(fakeCommit(sha('a'), files))));

    await expect(fake.github.setupProposals.proposeSetup(setup)).rejects.toMatchObject({ code: 'setup-not-needed' });
  });
});
