import { describe, expect, test } from '@jest/globals';
import { recordBuildReport } from '../../../src/workflows/follow-build.ts';
import { followDeploymentPullRequest } from '../../../src/workflows/follow-deployment-pull-request.ts';
import { type IssueComment, runComment } from '../../../src/workflows/run-comment.ts';
import { COMMIT, Crash, createMemoryPlatform, DIGEST, type MemoryPlatform } from './memory-platform.ts';

function comment(body: string, id = 7): IssueComment {
  return {
    installationId: 1,
    repository: { owner: 'acme', name: 'hello' },
    repositoryId: 1,
    issue: 1,
    isPullRequest: false,
    login: 'you',
    comment: {
      id,
      nodeId: `IC_${id}`,
      url: `https://github.com/acme/hello/issues/1#issuecomment-${id}`,
      createdAt: new Date(`2026-11-22T09:00:${String(id).padStart(2, '0')}Z`),
      body,
    },
  };
}

/** A job is run again after a crash, as the queue does. */
async function job(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    await work();
  }
}

async function host(memory: MemoryPlatform, times: number): Promise<void> {
  const { platform } = memory;
  for (let time = 0; time < times; time += 1) await job(() => runComment(platform, comment('/host')));
  await memory.settle();
  const [rollout] = [...memory.rollouts.values()];
  if (!rollout?.build) throw new Error('Cannot report a build: none was dispatched');
  const report = { repositoryId: 1, rolloutId: rollout.id, runId: rollout.build.runId, digest: DIGEST };
  for (let time = 0; time < times; time += 1) await job(() => recordBuildReport(platform, report));
  await memory.settle();
  memory.merge();
  const { pullRequest } = memory.world;
  const closed = {
    number: pullRequest?.number ?? 0,
    branch: `mcp-hosting/${rollout.serverId}`,
    body: '',
    mergeSha: pullRequest?.mergeSha ?? null,
    by: 'kim',
  };
  for (let time = 0; time < times; time += 1) await job(() => followDeploymentPullRequest(platform, closed));
  await memory.settle();
}

function outcome({ world, servers, rollouts }: MemoryPlatform) {
  return {
    rollouts: [...rollouts.values()].map(({ stage, reportedStage }) => ({ stage, reportedStage })),
    rows: [...servers.values()].map(({ status, tools, imageTag }) => ({ status, tools, imageTag })),
    checkRuns: [...world.checkRuns.values()],
    comments: world.comments.size,
    workflowRuns: world.workflowRuns.size,
    commits: world.commits,
    pullRequest: world.pullRequest?.state,
    reactions: world.reactions,
  };
}

const EXPECTED = {
  rollouts: [{ stage: 'succeeded', reportedStage: 'succeeded' }],
  rows: [{ status: 'running', tools: [{ name: 'greet' }], imageTag: COMMIT.slice(0, 7) }],
  checkRuns: [{ status: 'COMPLETED', conclusion: 'SUCCESS' }],
  comments: 1,
  workflowRuns: 1,
  commits: 1,
  pullRequest: 'MERGED',
  reactions: ['EYES', 'ROCKET'],
};

/** Every call of a port in a clean run, so that the crash is tried at each. */
async function callsOfCleanRun(): Promise<number> {
  const memory = createMemoryPlatform();
  await host(memory, 1);
  return memory.world.calls;
}

describe('a deployment', () => {
  test('runs clean', async () => {
    const memory = createMemoryPlatform();
    await host(memory, 1);
    expect(outcome(memory)).toEqual(EXPECTED);
  });

  test('ends the same when everything is heard twice', async () => {
    const memory = createMemoryPlatform();
    await host(memory, 2);
    expect(outcome(memory)).toEqual(EXPECTED);
  });

  test.each(['before', 'after'] as const)('ends the same after a crash %s any call of any port', async (when) => {
    const calls = await callsOfCleanRun();
    expect(calls).toBeGreaterThan(30);
    for (let at = 1; at <= calls; at += 1) {
      const memory = createMemoryPlatform({ at, when });
      await host(memory, 1);
      expect({ at, ...outcome(memory) }).toEqual({ at, ...EXPECTED });
    }
  });

  test('under policy auto is merged by the bot', async () => {
    const memory = createMemoryPlatform();
    memory.setPolicy('merge: auto\n');
    await host(memory, 1);
    expect(outcome(memory)).toEqual(EXPECTED);
  });
});

describe('commands', () => {
  test('of one comment run in order: stop, then start, ends running', async () => {
    const memory = createMemoryPlatform();
    await host(memory, 1);
    memory.setPolicy('merge: auto\n');
    await runComment(memory.platform, comment('/stop\n/start', 9));
    await memory.settle();
    const kinds = [...memory.rollouts.values()].map(({ kind, stage }) => `${kind} ${stage}`);
    expect(kinds).toEqual(['deploy succeeded', 'stop succeeded', 'start succeeded']);
    expect([...memory.servers.values()][0]?.status).toBe('running');
  });

  test('of a later comment take the place of what was not merged', async () => {
    const memory = createMemoryPlatform();
    await runComment(memory.platform, comment('/host', 7));
    await memory.settle();
    await runComment(memory.platform, comment('/host', 8));
    await memory.settle();
    expect([...memory.rollouts.values()].map(({ stage }) => stage)).toEqual(['cancelled', 'building']);
    expect([...memory.world.checkRuns.values()][0]).toEqual({ status: 'COMPLETED', conclusion: 'CANCELLED' });
    expect(memory.world.comments.size).toBe(1);
  });

  test('that arrive late, after a newer one, change nothing', async () => {
    const memory = createMemoryPlatform();
    await host(memory, 1);
    memory.setPolicy('merge: auto\n');
    await runComment(memory.platform, comment('/stop', 20));
    await memory.settle();
    await runComment(memory.platform, comment('/start', 15));
    await memory.settle();
    expect([...memory.servers.values()][0]?.status).toBe('stopped');
  });

  test('for a server that was never deployed fail with the cure', async () => {
    const memory = createMemoryPlatform();
    await runComment(memory.platform, comment('/stop'));
    expect([...memory.world.replies.values()].join()).toContain('Comment `/host` to host it');
    expect(memory.rollouts.size).toBe(0);
  });

  test('from people without write access get one refusal, however often they try', async () => {
    const memory = createMemoryPlatform();
    memory.platform.permissions.permissionOf = async () => 'read';
    for (const id of [7, 8, 9]) await runComment(memory.platform, comment('/host', id));
    expect(memory.world.replies.size).toBe(1);
    expect(memory.rollouts.size).toBe(0);
  });

  test('with a configuration that is wrong end in one failed check run with its line', async () => {
    const memory = createMemoryPlatform();
    memory.source.configText = 'runtim: node\n';
    await runComment(memory.platform, comment('/host'));
    await memory.settle();
    expect(outcome(memory)).toMatchObject({
      checkRuns: [{ status: 'COMPLETED', conclusion: 'FAILURE' }],
      workflowRuns: 0,
      reactions: ['CONFUSED'],
    });
    expect([...memory.rollouts.values()][0]?.configProblems[0]?.line).toBe(1);
  });
});
