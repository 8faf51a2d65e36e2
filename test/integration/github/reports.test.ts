import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { StatusReport } from '../../../src/ports/github.ts';
import { FakeGitHub, GitHubProblem, mutationsOf } from './fake-github.ts';
import { sha } from './fake-repository.ts';

const repository = { owner: 'acme', name: 'hello-server' };
const marker = '<!-- mcp-hosting:server=hello-x1 -->';
const rolloutId = '0b6cfa2e-6f5c-4f6e-9f0e-2f1b7f2f0001';

const checkRun: NonNullable<StatusReport['checkRun']> = {
  name: 'mcp-hosting / deploy',
  headSha: sha('a'),
  externalId: rolloutId,
  status: 'IN_PROGRESS',
  title: 'Building',
  summary: 'words',
  annotations: [],
};
const comment = { issueNodeId: 'I_1', issue: 1, marker, body: `${marker}\nHello` };
const deployment: NonNullable<StatusReport['deployment']> = {
  refId: 'REF_main',
  environment: 'hello-x1',
  description: 'words',
  state: 'IN_PROGRESS',
  productionEnvironment: true,
};
const report: StatusReport = {
  installationId: 5,
  repository,
  repositoryNodeId: 'R_source',
  reaction: { subjectId: 'IC_asked', content: 'EYES' },
  checkRun,
  comment,
  deployment,
};

const made = {
  createCheckRun: () => ({ checkRun: { id: 'CR_1', url: 'https://github.test/runs/1' } }),
  updateCheckRun: () => ({ checkRun: { id: 'CR_1', url: 'https://github.test/runs/1' } }),
  createDeployment: () => ({ deployment: { id: 'DE_1' } }),
  createDeploymentStatus: () => ({ deploymentStatus: { id: 'DES_1' } }),
  addReaction: () => ({ reaction: { id: 'REA_1' } }),
  addComment: () => ({ commentEdge: { node: { id: 'IC_1', url: 'https://github.test/comment/1' } } }),
  updateIssueComment: () => ({ issueComment: { id: 'IC_1', url: 'https://github.test/comment/1' } }),
};
const ids = {
  checkRunId: 'CR_1',
  checkRunUrl: 'https://github.test/runs/1',
  deploymentId: 'DE_1',
  commentId: 'IC_1',
  commentUrl: 'https://github.test/comment/1',
};

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

function refused(type: string, message?: string) {
  return () => {
    throw new GitHubProblem(type, message);
  };
}

const mutations = (index = 0) => mutationsOf(fake.calls[index]);

describe('publish', () => {
  test('makes everything with one request, in order', async () => {
    fake.graphql(made);

    const published = await fake.github.reports.publish(report, {}, false);

    expect(published).toEqual(ids);
    expect(fake.calls).toHaveLength(1);
    expect(mutations()).toEqual(['createCheckRun', 'createDeployment', 'addReaction', 'addComment']);
    expect(fake.written).toEqual([{ installationId: 5, calls: 4 }]);
  });

  test('updates what is known with one request', async () => {
    fake.graphql(made);
    const final: StatusReport = {
      ...report,
      reaction: { subjectId: 'IC_asked', content: 'ROCKET' },
      checkRun: {
        ...checkRun,
        status: 'COMPLETED',
        conclusion: 'SUCCESS',
        detailsUrl: 'https://bot.test/1',
        text: 'log',
      },
      deployment: { ...deployment, state: 'SUCCESS', environmentUrl: 'https://hello-x1.test/mcp' },
    };

    const published = await fake.github.reports.publish(final, ids, false);

    expect(published).toEqual(ids);
    expect(mutations()).toEqual(['updateCheckRun', 'createDeploymentStatus', 'addReaction', 'updateIssueComment']);
    expect(fake.calls[0]?.variables).toMatchObject({
      checkRun: { checkRunId: 'CR_1', conclusion: 'SUCCESS', status: 'COMPLETED' },
      deploymentStatus: { deploymentId: 'DE_1', state: 'SUCCESS', environmentUrl: 'https://hello-x1.test/mcp' },
    });
  });

  test('sends nothing when there is nothing to say', async () => {
    const { installationId, repositoryNodeId } = report;

    const published = await fake.github.reports.publish({ installationId, repository, repositoryNodeId }, ids, false);

    expect(published).toEqual(ids);
    expect(fake.calls).toEqual([]);
  });

  test('keeps to GitHub’s limits', async () => {
    fake.graphql(made);
    const annotation = { path: 'a', startLine: 1, endLine: 1, level: 'FAILURE' as const, title: 'x', message: 'y' };
    const long: StatusReport = {
      ...report,
      checkRun: { ...checkRun, summary: '🚀'.repeat(60_000), annotations: Array(60).fill(annotation) },
      comment: { ...comment, body: `${marker}\n${'y'.repeat(80_000)}` },
      deployment: { ...deployment, description: 'z'.repeat(200) },
    };

    await fake.github.reports.publish(long, {}, false);

    const sent = fake.calls[0]?.variables as Record<string, never> & {
      checkRun: { output: { summary: string; annotations: unknown[] } };
      comment: { body: string };
      deployment: { description: string };
    };
    expect(sent.checkRun.output.summary.length).toBeLessThanOrEqual(65_535);
    expect(sent.checkRun.output.summary.isWellFormed()).toBe(true);
    expect(sent.checkRun.output.annotations).toHaveLength(50);
    expect(sent.comment.body).toHaveLength(65_536);
    expect(sent.comment.body.startsWith(marker)).toBe(true);
    expect(sent.deployment.description).toHaveLength(140);
  });

  test('goes on without the parts that people made impossible', async () => {
    fake.graphql({
      ...made,
      addReaction: refused('NOT_FOUND'),
      addComment: refused('FORBIDDEN', 'Unable to create comment because issue is locked.'),
      createDeployment: refused('UNPROCESSABLE'),
    });

    const published = await fake.github.reports.publish(report, {}, false);

    expect(published).toEqual({ checkRunId: 'CR_1', checkRunUrl: 'https://github.test/runs/1' });
    expect(fake.calls).toHaveLength(1);
    expect(fake.logged).toHaveLength(3);
  });

  test('makes anew what was deleted', async () => {
    fake.graphql({
      ...made,
      updateIssueComment: refused('NOT_FOUND'),
      createDeploymentStatus: refused('NOT_FOUND'),
    });
    fake.graphql({
      ...made,
      addComment: () => ({ commentEdge: { node: { id: 'IC_2', url: 'https://github.test/comment/2' } } }),
      createDeployment: () => ({ deployment: { id: 'DE_2' } }),
    });

    const published = await fake.github.reports.publish(report, ids, false);

    expect(published).toEqual({
      ...ids,
      commentId: 'IC_2',
      commentUrl: 'https://github.test/comment/2',
      deploymentId: 'DE_2',
    });
    expect(mutations(1)).toEqual(['createDeployment', 'addComment']);
  });

  test('retries later when one part meets a limit', async () => {
    fake.graphql({ ...made, addComment: refused('UNPROCESSABLE', 'was submitted too quickly') });

    const publishing = fake.github.reports.publish(report, {}, false);

    await expect(publishing).rejects.toMatchObject({ name: 'RetryLaterError', afterMs: 60_000 });
  });

  test('sends nothing when the writes are used up', async () => {
    fake.budgetWaitMs = 12_345;

    const publishing = fake.github.reports.publish(report, {}, false);

    await expect(publishing).rejects.toMatchObject({ name: 'RetryLaterError', afterMs: 12_345 });
    expect(fake.calls).toEqual([]);
  });
});

describe('publish on a retry', () => {
  const found = {
    repository: () => ({
      object: {
        __typename: 'Commit',
        checkSuites: {
          nodes: [
            { checkRuns: { nodes: [{ id: 'CR_old', url: 'https://github.test/runs/0', externalId: 'another' }] } },
            { checkRuns: { nodes: [{ id: 'CR_1', url: 'https://github.test/runs/1', externalId: rolloutId }] } },
          ],
        },
      },
      issueOrPullRequest: {
        __typename: 'Issue',
        id: 'I_1',
        comments: {
          nodes: [
            { id: 'IC_quoted', url: 'https://github.test/c/8', body: `${marker}\nfake`, viewerDidAuthor: false },
            { id: 'IC_other', url: 'https://github.test/c/9', body: `see\n${marker}`, viewerDidAuthor: true },
            { id: 'IC_1', url: 'https://github.test/comment/1', body: `${marker}\nHello`, viewerDidAuthor: true },
          ],
        },
      },
      deployments: {
        nodes: [
          { id: 'DE_old', commitOid: sha('a'), payload: '{"rollout":"another"}' },
          { id: 'DE_1', commitOid: sha('a'), payload: `{"rollout":"${rolloutId}"}` },
        ],
      },
    }),
  };

  test('updates what an earlier try made', async () => {
    fake.graphql(found).graphql(made);

    const published = await fake.github.reports.publish(report, {}, true);

    expect(published).toEqual(ids);
    expect(mutations(1)).toEqual(['updateCheckRun', 'createDeploymentStatus', 'addReaction', 'updateIssueComment']);
  });

  test('makes what it does not find', async () => {
    fake
      .graphql({
        repository: () => ({
          object: null,
          issueOrPullRequest: { __typename: 'PullRequest', id: 'PR_1', comments: { nodes: [] } },
          deployments: { nodes: [] },
        }),
      })
      .graphql(made);

    await fake.github.reports.publish(report, {}, true);

    expect(mutations(1)).toEqual(['createCheckRun', 'createDeployment', 'addReaction', 'addComment']);
  });

  test('looks up nothing when all is known', async () => {
    fake.graphql(made);

    await fake.github.reports.publish(report, ids, true);

    expect(fake.calls.map((call) => call.operation)).toEqual(['PublishReport']);
  });
});

describe('reply', () => {
  const request = { installationId: 5, repository, issue: 1, marker, body: `${marker}\nNo.`, retry: false };

  test('comments and reacts', async () => {
    fake.graphql({ repository: () => ({ issueOrPullRequest: { __typename: 'Issue', id: 'I_1' } }) }).graphql(made);

    await fake.github.reports.reply({ ...request, reaction: { subjectId: 'IC_asked', content: 'CONFUSED' } });

    expect(mutations(1)).toEqual(['addReaction', 'addComment']);
    expect(fake.calls[1]?.variables.comment).toEqual({ subjectId: 'I_1', body: `${marker}\nNo.` });
  });

  test('edits the comment of an earlier try', async () => {
    const earlier = { id: 'IC_1', url: 'https://github.test/c/1', body: `${marker}\nNo.`, viewerDidAuthor: true };
    const issue = { __typename: 'Issue', id: 'I_1', comments: { nodes: [earlier] } };
    fake.graphql({ repository: () => ({ issueOrPullRequest: issue }) }).graphql(made);

    await fake.github.reports.reply({ ...request, retry: true });

    expect(mutations(1)).toEqual(['updateIssueComment']);
  });

  test('lets go of an issue that was deleted', async () => {
    fake.graphql({ repository: () => ({ issueOrPullRequest: refused('NOT_FOUND') }) });

    await fake.github.reports.reply(request);

    expect(fake.calls).toHaveLength(1);
    expect(fake.logged).toHaveLength(1);
  });
});
