import { beforeEach, describe, expect, test } from '@jest/globals';
import { rolloutMarker } from '../../../src/domain/reports/markers.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { followBuild, recordBuildReport } from '../../../src/workflows/follow-build.ts';
import { followDeploymentPullRequest } from '../../../src/workflows/follow-deployment-pull-request.ts';
import { followPush } from '../../../src/workflows/follow-push.ts';
import { type IssueComment, runComment } from '../../../src/workflows/run-comment.ts';
import { setSecrets, unsetSecret } from '../../../src/workflows/server-secrets.ts';
import { createMemoryPlatform, DIGEST, type MemoryPlatform } from './memory-platform.ts';

const hello = { owner: 'acme', name: 'hello' };
let memory: MemoryPlatform;

beforeEach(() => {
  memory = createMemoryPlatform();
});

async function say(body: string, id: number, changes: Partial<IssueComment> = {}): Promise<void> {
  await runComment(memory.platform, {
    installationId: 1,
    repository: hello,
    repositoryId: 1,
    issue: 1,
    isPullRequest: false,
    login: 'you',
    comment: {
      id,
      nodeId: `IC_${id}`,
      url: `https://github.com/acme/hello/issues/1#issuecomment-${id}`,
      createdAt: new Date(Date.UTC(2026, 10, 22, 9, 0, id)),
      body,
    },
    ...changes,
  });
  await memory.settle();
}

async function push(deliveryId: string, commitSha: string): Promise<void> {
  memory.source.commitSha = commitSha;
  const event = { installationId: 1, repository: hello, repositoryId: 1, login: 'you' };
  await followPush(memory.platform, { ...event, deliveryId, afterSha: commitSha });
  await memory.settle();
}

/** In the order in which they count. */
const rollouts = () =>
  [...memory.rollouts.values()].sort((one, other) => one.triggeredAt.localeCompare(other.triggeredAt));
const newest = () => {
  const rollout = rollouts().at(-1);
  if (!rollout) throw new Error('Cannot find a rollout: there is none');
  return rollout;
};

async function build(): Promise<void> {
  const { id, build: run } = newest();
  await recordBuildReport(memory.platform, { repositoryId: 1, rolloutId: id, runId: run?.runId ?? 0, digest: DIGEST });
  await memory.settle();
}

async function merge(): Promise<void> {
  memory.merge();
  const { pullRequest } = memory.world;
  await followDeploymentPullRequest(memory.platform, {
    number: pullRequest?.number ?? 0,
    branch: `mcp-hosting/${newest().serverId}`,
    body: '',
    mergeSha: pullRequest?.mergeSha ?? null,
    by: 'kim',
  });
  await memory.settle();
}

describe('a push', () => {
  test('that brings the branch back to an earlier commit is rolled out', async () => {
    await say('/host', 7);
    await push('d1', 'a'.repeat(40));
    await push('d2', 'b'.repeat(40));
    await push('d3', 'a'.repeat(40));
    expect(rollouts().map(({ source, stage }) => `${source.commitSha[0]} ${stage}`)).toEqual([
      '4 cancelled',
      'a cancelled',
      'b cancelled',
      'a building',
    ]);
  });

  test('is rolled out once, however often it is delivered', async () => {
    await say('/host', 7);
    await push('d1', 'a'.repeat(40));
    await push('d2', 'b'.repeat(40));
    await push('d1', 'b'.repeat(40));
    expect(rollouts()).toHaveLength(3);
  });
});

test('a push that brings a file which cannot be read is told by a failed check run, and the server can be stopped', async () => {
  await say('/host', 7);
  await build();
  await merge();
  memory.source.unreadable = { code: 'file-unreadable', message: 'It is a link.', hint: 'Commit a file.' };
  memory.source.configText = null;
  await push('d1', 'a'.repeat(40));
  expect([...memory.world.checkRuns.values()]).toContainEqual({ status: 'COMPLETED', conclusion: 'FAILURE' });
  await say('/stop', 8);
  expect(rollouts().map(({ kind, stage, failure }) => `${kind} ${stage} ${failure?.code ?? ''}`)).toEqual([
    'deploy succeeded ',
    'deploy failed file-unreadable',
    'stop proposed ',
  ]);
});

test('a comment counts after a push that was heard before, whatever the clocks say', async () => {
  await say('/host', 7);
  await build();
  await merge();
  await push('d1', 'a'.repeat(40));
  // Our clock is an hour ahead of GitHub's.
  await say('/stop', 8);
  expect(rollouts().map(({ kind, stage }) => `${kind} ${stage}`)).toEqual([
    'deploy succeeded',
    'deploy cancelled',
    'stop proposed',
  ]);
});

test('who merges reads in the comment of the server what is not set, as it is now', async () => {
  const set: string[] = [];
  memory.platform.serverSecrets.names = async () => set;
  memory.platform.serverSecrets.set = async (_serverId, values) => {
    set.push(...values.keys());
    return [...values.keys()];
  };
  memory.source.configText = 'env: [ALPHA, BETA]\n';
  const comment = () => [...memory.world.comments.values()].find((text) => text.includes('mcp-hosting:server=')) ?? '';
  await say('/host', 7);
  await build();
  const { serverId } = newest();

  expect(comment()).toContain(`needs \`ALPHA\` and \`BETA\`. Run \`npx mcp-hosting secrets set ${serverId} ALPHA\``);
  await setSecrets(memory.platform, { serverId, requestedBy: 'you', values: new Map([['ALPHA', 'x']]) });
  await memory.settle();
  expect(comment()).toContain('needs `BETA`. Run');
  await setSecrets(memory.platform, { serverId, requestedBy: 'you', values: new Map([['BETA', 'x']]) });
  await memory.settle();
  expect(comment()).toContain('waiting for someone to merge');
  expect(comment()).not.toContain('Not set yet');
});

test('secrets that change have the open deployment pull request checked again', async () => {
  await say('/host', 7);
  await build();
  const { serverId, proposal } = newest();
  const checked: unknown[] = [];
  memory.platform.reviews.read = async (query) => void checked.push(query);
  const change = { serverId, requestedBy: 'you' };

  await setSecrets(memory.platform, { ...change, values: new Map([['TOKEN', 'x']]) });
  await memory.settle();
  await unsetSecret(memory.platform, { ...change, name: 'TOKEN' });
  await memory.settle();

  const query = {
    number: proposal?.number,
    headSha: proposal?.branchHeadSha,
    folder: `servers/${serverId}`,
  };
  expect(checked).toEqual([query, query]);
  await merge();
  await setSecrets(memory.platform, { ...change, values: new Map([['TOKEN', 'x']]) });
  await memory.settle();
  expect(checked).toHaveLength(2);
});

test('a server that is hosted again while its deletion ends keeps its key', async () => {
  const removed: string[] = [];
  memory.platform.serverSecrets.remove = async (serverId) => void removed.push(serverId);
  await say('/host', 7);
  await build();
  await merge();
  await say('/delete', 8);
  const application = memory.platform.applications.read;
  memory.platform.applications.read = async (serverId) => ({
    ...((await application(serverId)) ?? { conditions: [], images: [], outOfSync: [], reconciledAt: null }),
    serverId,
    syncStatus: 'OutOfSync',
    healthStatus: 'Progressing',
    healthLastTransitionAt: null,
    healthMessage: null,
    revision: null,
    operation: null,
    conditions: [],
    images: [],
  });
  await merge();
  expect(newest()).toMatchObject({ kind: 'delete', stage: 'syncing' });
  memory.source.commitSha = 'a'.repeat(40);
  await say('/host', 9);
  memory.platform.applications.read = application;
  memory.queued.add(newest().serverId);
  await memory.settle();
  expect(rollouts().map(({ kind, stage }) => `${kind} ${stage}`)).toEqual([
    'deploy succeeded',
    'delete succeeded',
    'deploy building',
  ]);
  expect(removed).toEqual([]);
  expect([...memory.servers.values()].map(({ status }) => status)).toEqual(['building']);
});

test('the one that goes on speaks again when the newest came to nothing', async () => {
  await say('/host', 7);
  const [first] = rollouts();
  memory.source.configText = 'runtim: node\n';
  await push('d1', 'a'.repeat(40));
  expect([...memory.world.checkRuns.values()]).toContainEqual({ status: 'COMPLETED', conclusion: 'FAILURE' });
  const report = { repositoryId: 1, rolloutId: first?.id ?? '', runId: first?.build?.runId ?? 0, digest: DIGEST };
  await recordBuildReport(memory.platform, report);
  await memory.settle();
  await merge();
  expect([...memory.servers.values()][0]?.status).toBe('running');
  expect([...memory.world.comments.values()].join()).toContain('is running');
});

test('a merge is heard for the rollout in whose place another one stood before', async () => {
  await say('/host', 7);
  await build();
  memory.source.commitSha = 'a'.repeat(40);
  await say('/host', 8);
  await build();
  // People could not be told that the first one was replaced: it is still to be looked at.
  const [first] = rollouts();
  if (!first) throw new Error('Cannot find the first rollout');
  const { reportedStage: _, ...untold } = first;
  memory.rollouts.set(first.id, { ...untold, stage: 'cancelled', proposal: { ...proposalOf() } });
  await merge();
  expect(newest()).toMatchObject({ stage: 'succeeded', merge: { by: 'kim' } });
});

test('what is merged while the newer one is still built is what runs', async () => {
  await say('/host', 7);
  await build();
  const first = newest();
  await push('d1', 'a'.repeat(40));
  expect(rollouts().map(({ stage }) => stage)).toEqual(['cancelled', 'building']);
  memory.merge();
  const { number } = memory.world.pullRequest ?? { number: 0 };
  const event = { number, branch: `mcp-hosting/${first.serverId}`, mergeSha: 'c'.repeat(40), by: 'kim' };
  await followDeploymentPullRequest(memory.platform, { ...event, number: 99, body: rolloutMarker(first.id) });
  expect(rollouts().map(({ stage }) => stage)).toEqual(['cancelled', 'building']);
  await followDeploymentPullRequest(memory.platform, { ...event, body: rolloutMarker(first.id) });
  await memory.settle();
  expect(rollouts().map(({ stage }) => stage)).toEqual(['succeeded', 'building']);
  expect([...memory.servers.values()][0]).toMatchObject({
    status: 'building',
    source: { deployed: { source: { commitSha: first.source.commitSha } } },
  });
});

describe('a deployment pull request that was closed, and is reopened and merged after a newer one was', () => {
  /** Closes the pull request of a first rollout, and brings a second one to its end. */
  async function closeAndReplace(second: string): Promise<Rollout> {
    await say('/host', 7);
    await build();
    const first = newest();
    const { number = 0 } = first.proposal ?? {};
    const event = { number, branch: `mcp-hosting/${first.serverId}`, body: rolloutMarker(first.id), by: 'kim' };
    if (memory.world.pullRequest) memory.world.pullRequest.state = 'CLOSED';
    await followDeploymentPullRequest(memory.platform, { ...event, mergeSha: null });
    await memory.settle();
    memory.source.commitSha = 'a'.repeat(40);
    await say('/host', 8);
    await build();
    await merge();
    if (second === '/delete') {
      await say('/delete', 9);
      memory.platform.applications.read = async () => undefined;
      await merge();
    }
    return first;
  }

  /** `contained`: the newer deployment was merged on top of it, and its own webhook was late. */
  async function reopenAndMerge({ id, serverId, proposal }: Rollout, contained = false): Promise<void> {
    memory.platform.proposals.contains = async () => contained;
    await followDeploymentPullRequest(memory.platform, {
      number: proposal?.number ?? 0,
      branch: `mcp-hosting/${serverId}`,
      body: rolloutMarker(id),
      mergeSha: 'e'.repeat(40),
      by: 'kim',
    });
    memory.platform.proposals.contains = async () => true;
    await memory.settle();
  }

  test('is what runs, and is told so everywhere', async () => {
    const first = await closeAndReplace('/host');
    expect(rollouts().map(({ stage }) => stage)).toEqual(['cancelled', 'succeeded']);

    await reopenAndMerge(first);

    expect(newest()).toMatchObject({ id: first.id, stage: 'succeeded', merge: { sha: 'e'.repeat(40), by: 'kim' } });
    expect([...memory.servers.values()][0]).toMatchObject({
      status: 'running',
      statusMessage: null,
      imageTag: first.source.commitSha.slice(0, 7),
      source: { deployed: { source: { commitSha: first.source.commitSha } } },
    });
    expect(memory.world.checkRuns.get(first.id)).toEqual({ status: 'COMPLETED', conclusion: 'SUCCESS' });
    expect([...memory.world.comments.values()].join()).toContain(first.source.commitSha.slice(0, 7));
    await say('/stop', 10);
    expect(newest()).toMatchObject({ kind: 'stop', stage: 'proposed' });
  });

  test('is not, where the newer one was merged on top of it and it was only heard late', async () => {
    const first = await closeAndReplace('/host');

    await reopenAndMerge(first, true);

    expect(rollouts().map(({ id, stage }) => `${id === first.id} ${stage}`)).toEqual([
      'true cancelled',
      'false succeeded',
    ]);
    expect([...memory.servers.values()][0]).toMatchObject({ status: 'running', imageTag: 'aaaaaaa' });
  });

  test('does not bring a deleted server back, and says what to do', async () => {
    const first = await closeAndReplace('/delete');

    await reopenAndMerge(first);

    expect(memory.rollouts.get(first.id)).toMatchObject({
      stage: 'cancelled',
      cancelReason: expect.stringContaining(`Remove servers/${first.serverId}/`),
    });
    expect([...memory.servers.values()].map(({ status }) => status)).toEqual(['deleted']);
  });
});

function proposalOf() {
  const { proposal } = newest();
  if (!proposal) throw new Error('Cannot find the pull request');
  return proposal;
}

describe('a workflow run', () => {
  const failed = { repositoryId: 1, conclusion: 'failure', url: 'https://github.com/acme/hello/actions/runs/9' };

  test('of the rollout that failed ends it', async () => {
    await say('/host', 7);
    await followBuild(memory.platform, { ...failed, runId: newest().build?.runId ?? 0 });
    expect(newest()).toMatchObject({ stage: 'failed', failure: { code: 'build-failed' } });
  });

  test('that failed leaves no credential of its log in the database', async () => {
    const log = [`npm error ghp_${'a'.repeat(36)}`];
    const state = { state: 'failed' as const, conclusion: 'failure', log, url: failed.url };
    memory.platform.builds.read = async () => state;
    await say('/host', 7);
    await followBuild(memory.platform, { ...failed, runId: newest().build?.runId ?? 0 });
    expect(newest().failure?.log).toEqual(['npm error [redacted]']);
  });

  test('that only has the name of a rollout whose run is known does not end it', async () => {
    await say('/host', 7);
    await followBuild(memory.platform, { ...failed, runId: 999, title: `mcp-hosting ${newest().id}` });
    expect(newest().stage).toBe('building');
  });

  test('is known by its name where the answer to the dispatch was lost', async () => {
    await say('/host', 7);
    const { build: _, ...lost } = newest();
    memory.rollouts.set(lost.id, lost);
    await followBuild(memory.platform, { ...failed, runId: 999 });
    expect(newest().stage).toBe('building');
    await followBuild(memory.platform, { ...failed, runId: 999, title: `mcp-hosting ${lost.id}` });
    expect(newest().stage).toBe('failed');
  });
});

describe('a command is refused', () => {
  test('in the deployments repository, however it is written', async () => {
    await say('/host', 7, { repository: { owner: 'ACME', name: 'MCP-Server-Deployments' } });
    expect([...memory.world.replies.values()].join()).toContain('it is the deployments repository');
    expect(memory.servers.size).toBe(0);
  });

  test('where another repository took the name', async () => {
    await say('/host', 7, { repositoryId: 2 });
    expect([...memory.world.replies.values()].join()).toContain('another repository has this name now');
    expect(memory.servers.size).toBe(0);
  });
});

describe('a repository without the build workflow', () => {
  test('gets one that is taken from the default branch of the deployments repository', async () => {
    memory.source.workflowPresent = false;
    const proposed: unknown[] = [];
    const { proposeSetup } = memory.platform.setupProposals;
    memory.platform.setupProposals.proposeSetup = (request) => {
      proposed.push(request.files);
      return proposeSetup(request);
    };

    await say('/host', 7);

    expect(newest().stage).toBe('setup');
    expect(proposed).toEqual([{ 'build.yml': 'uses: acme/deployments/build.yml@trunk' }]);
  });
});

describe('the image', () => {
  test('is named by the owner of the server repository, whose token pushes it', async () => {
    await say('/host', 7, { repository: { owner: 'Globex', name: 'hello' } });

    const { serverId, imageRepository } = newest();
    expect(imageRepository).toBe(`ghcr.io/globex/mcp-servers/${serverId}`);
    expect(memory.servers.get(serverId)?.dockerImage).toBe(imageRepository);
  });

  test('is built anew under the new owner when the repository has moved, and the row says so once it is merged', async () => {
    await say('/host', 7);
    await build();
    await merge();
    const { serverId, imageRepository } = newest();
    expect(imageRepository).toBe(`ghcr.io/acme/mcp-servers/${serverId}`);

    await say('/host', 8, { repository: { owner: 'globex', name: 'hello' } });

    expect(newest()).toMatchObject({ stage: 'building', imageRepository: `ghcr.io/globex/mcp-servers/${serverId}` });
    expect(memory.servers.get(serverId)?.dockerImage).toBe(imageRepository);
    await build();
    await merge();
    expect(newest().stage).toBe('succeeded');
    expect(memory.servers.get(serverId)?.dockerImage).toBe(`ghcr.io/globex/mcp-servers/${serverId}`);
  });
});
