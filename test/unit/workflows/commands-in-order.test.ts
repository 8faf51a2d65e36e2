import { expect, test } from '@jest/globals';
import { recordBuildReport } from '../../../src/workflows/follow-build.ts';
import { runComment } from '../../../src/workflows/run-comment.ts';
import { createMemoryPlatform, DIGEST, type MemoryPlatform } from './memory-platform.ts';

async function say(memory: MemoryPlatform, body: string, id: number): Promise<void> {
  await runComment(memory.platform, {
    installationId: 1,
    repository: { owner: 'acme', name: 'hello' },
    repositoryId: 1,
    issue: 1,
    isPullRequest: false,
    login: 'you',
    comment: { id, nodeId: `IC_${id}`, url: '', createdAt: new Date(`2026-11-22T09:00:0${id}Z`), body },
  });
  await memory.settle();
}

async function reportBuild(memory: MemoryPlatform): Promise<void> {
  const rollout = [...memory.rollouts.values()].find(({ stage }) => stage === 'building');
  if (!rollout?.build) throw new Error('Cannot report a build: none was dispatched');
  const report = { repositoryId: 1, rolloutId: rollout.id, runId: rollout.build.runId, digest: DIGEST };
  await recordBuildReport(memory.platform, report);
  await memory.settle();
}

function ends({ rollouts }: MemoryPlatform) {
  return [...rollouts.values()].map(({ kind, stage, digest }) => ({ kind, stage, ...(digest ? { digest } : {}) }));
}

function replicas({ world }: MemoryPlatform): string | undefined {
  return /count: (\d+)/.exec(world.main['kustomization.yaml'] ?? '')?.[1];
}

test('/stop and /start in one comment each change what the one before merged', async () => {
  const memory = createMemoryPlatform();
  memory.setPolicy('merge: auto\n');
  await say(memory, '/host', 1);
  await reportBuild(memory);

  await say(memory, '/stop\n/start', 2);

  expect(ends(memory)).toEqual([
    { kind: 'deploy', stage: 'succeeded', digest: DIGEST },
    { kind: 'stop', stage: 'succeeded' },
    { kind: 'start', stage: 'succeeded', digest: DIGEST },
  ]);
  expect(memory.world.commits).toBe(3);
  expect(replicas(memory)).toBe('1');
});

test('/host, /stop and /start in one comment bring up a server that was never deployed', async () => {
  const memory = createMemoryPlatform();
  memory.setPolicy('merge: auto\n');
  await say(memory, '/host\n/stop\n/start', 1);
  await reportBuild(memory);

  expect(ends(memory)).toEqual([
    { kind: 'deploy', stage: 'succeeded', digest: DIGEST },
    { kind: 'stop', stage: 'succeeded' },
    { kind: 'start', stage: 'succeeded', digest: DIGEST },
  ]);
  expect(replicas(memory)).toBe('1');
});

test('of two commands in one comment, the one that waits for a merge is shown', async () => {
  const memory = createMemoryPlatform();
  memory.setPolicy('merge: auto\n');
  await say(memory, '/host', 1);
  await reportBuild(memory);
  memory.setPolicy('merge: review\n');

  await say(memory, '/stop\n/start', 2);

  expect([...memory.world.comments.values()]).toEqual([expect.stringContaining('have someone review and merge')]);
  expect([...memory.servers.values()][0]).toMatchObject({
    status: 'deploying',
    statusMessage: expect.stringContaining('Waiting for someone to merge'),
  });
});
