import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { UserError } from '../../../src/domain/user-error.ts';
import { handleDelivery } from '../../../src/inbound/handle-delivery.ts';
import { recordBuildReport } from '../../../src/workflows/follow-build.ts';
import { runComment } from '../../../src/workflows/run-comment.ts';
import { createMemoryPlatform, DIGEST } from '../../unit/workflows/memory-platform.ts';

interface Examples {
  name: string;
  examples: Record<string, unknown>[];
}

const file = new URL('../../../node_modules/@octokit/webhooks-examples/api.github.com/index.json', import.meta.url);
const examples = JSON.parse(readFileSync(file, 'utf8')) as Examples[];
const HANDLED = [
  'issue_comment',
  'push',
  'pull_request',
  'workflow_run',
  'repository_dispatch',
  'check_run',
  'check_suite',
  'merge_group',
];

/** GitHub's published payloads, for each event that is acted on; some leave the installation out. */
test.each(HANDLED)('published payloads of %s are understood', async (event) => {
  const published = examples.find(({ name }) => name === event)?.examples ?? [];
  expect(published.length).toBeGreaterThan(0);
  const { platform } = createMemoryPlatform();
  const malformed: unknown[] = [];
  platform.log.warn = (fields) => malformed.push(fields);
  for (const [index, payload] of published.entries()) {
    const installed = { ...payload, installation: { id: 1 } };
    await handleDelivery(platform, { id: String(index), event, payload: installed });
  }
  expect(malformed).toEqual([]);
});

test.each([{}, { action: 7 }, { repository: null }, { issue: [], comment: 'x' }])(
  'malformed payload %j is done and logged',
  async (payload) => {
    const { platform } = createMemoryPlatform();
    const logged: string[] = [];
    platform.log.warn = (_fields, message) => logged.push(message);
    await handleDelivery(platform, { id: '1', event: 'issue_comment', payload });
    expect(logged).toEqual(['Delivery is malformed']);
  },
);

test('event that a person must mend something for is not tried again', async () => {
  const { platform } = createMemoryPlatform();
  platform.hostedServers.listBySource = async () => {
    throw new UserError('github-forbidden', 'Cannot read', 'Grant it.');
  };
  platform.hostedServers.findBySource = platform.hostedServers.listBySource as never;
  const payload = {
    ref: 'refs/heads/main',
    after: 'a'.repeat(40),
    deleted: false,
    repository: { id: 1, name: 'hello', owner: { login: 'acme' }, default_branch: 'main' },
    installation: { id: 1 },
    sender: { login: 'you', type: 'User' },
  };
  await expect(handleDelivery(platform, { id: '1', event: 'push', payload })).resolves.toBeUndefined();
});

test.each([
  ['CI_FAILURE', [false, 'review', 'Waiting for someone to merge']],
  ['MERGE', [true, 'auto', 'Waiting for the merge queue with']],
])('a pull request that leaves the merge queue by %s', async (reason, expected) => {
  const memory = createMemoryPlatform();
  memory.setPolicy('merge: auto\n');
  memory.platform.proposals.merge = async () => ({ kind: 'queued' });
  await runComment(memory.platform, {
    installationId: 1,
    repository: { owner: 'acme', name: 'hello' },
    repositoryId: 1,
    issue: 1,
    isPullRequest: false,
    login: 'you',
    comment: {
      id: 7,
      nodeId: 'IC_7',
      url: 'https://github.com/x',
      createdAt: new Date(Date.UTC(2026, 10, 22)),
      body: '/host',
    },
  });
  await memory.settle();
  const [building] = memory.rollouts.values();
  const run = { repositoryId: 1, rolloutId: building?.id ?? '', runId: building?.build?.runId ?? 0, digest: DIGEST };
  await recordBuildReport(memory.platform, run);
  await memory.settle();
  const [queued] = memory.rollouts.values();
  const payload = {
    action: 'dequeued',
    reason,
    number: queued?.proposal?.number,
    repository: {
      id: 9,
      name: memory.platform.settings.deploymentsRepository.name,
      owner: { login: memory.platform.settings.deploymentsRepository.owner },
      default_branch: 'main',
    },
    installation: { id: 1 },
    sender: { login: 'github-merge-queue[bot]', type: 'Bot' },
    pull_request: {
      body: '',
      updated_at: '2026-11-22T00:00:00Z',
      head: { ref: `mcp-hosting/${queued?.serverId}`, sha: 'd'.repeat(40), repo: { id: 9 } },
    },
  };

  await handleDelivery(memory.platform, { id: '1', event: 'pull_request', payload });
  await memory.settle();

  const [after] = memory.rollouts.values();
  expect(queued).toMatchObject({ stage: 'proposed', mergeQueued: true, reportedStage: 'proposed' });
  const [row] = memory.servers.values();
  const said = row?.statusMessage?.split(' https:')[0];
  expect([after?.mergeQueued ?? false, after?.mergePolicy, said]).toEqual(expected);
});
