import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { UserError } from '../../../src/domain/user-error.ts';
import { handleDelivery } from '../../../src/inbound/handle-delivery.ts';
import { createMemoryPlatform } from '../../unit/workflows/memory-platform.ts';

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
