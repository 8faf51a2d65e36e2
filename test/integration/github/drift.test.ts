import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createGitHub } from '../../../src/adapters/github/create-github.ts';
import { DRIFT_GRACE_MS } from '../../../src/domain/decide-drift.ts';
import { mendDrift } from '../../../src/workflows/mend-drift.ts';
import type { Platform } from '../../../src/workflows/platform.ts';
import {
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from '../../sandbox-github/start-test-github.ts';
import { createMemoryPlatform } from '../../unit/workflows/memory-platform.ts';

const REPO = { owner: 'acme', repo: 'mcp-server-deployments' };

let sandbox: TestGitHub;
let platform: Platform;
let now = new Date('2026-11-22T12:00:00Z');
const refreshed: string[] = [];
const seen = new Map<string, Date>();

beforeAll(async () => {
  sandbox = await startTestGitHub();
  await createTestRepository(sandbox, REPO.repo);
  const memory = createMemoryPlatform();
  const { inventory, reviews } = createGitHub({
    appId: sandbox.appId,
    privateKey: sandbox.privateKeyPem,
    apiUrl: sandbox.url,
    requestTimeoutMs: 20_000,
    deploymentsRepository: { owner: REPO.owner, name: REPO.repo },
    writeBudget: { take: async () => 0 },
    log: memory.platform.log,
  });
  platform = {
    ...memory.platform,
    inventory,
    reviews,
    now: () => now,
    applications: { ...memory.platform.applications, refresh: async (serverId) => void refreshed.push(serverId) },
    driftLog: {
      observe: async (keys, at) => {
        for (const key of seen.keys()) if (!keys.includes(key)) seen.delete(key);
        for (const key of keys) if (!seen.has(key)) seen.set(key, at);
        return seen;
      },
    },
  };
});
afterAll(() => stopWithoutViolations(sandbox));

async function pass(): Promise<void> {
  now = new Date(now.getTime() + DRIFT_GRACE_MS);
  await mendDrift(platform);
}

async function issues() {
  const { data } = await sandbox.person.rest.issues.listForRepo({ ...REPO, state: 'all' });
  return data.filter(({ pull_request }) => pull_request === undefined);
}

async function writes(): Promise<number> {
  return (await sandbox.control('GET', '/requests')).body.writes;
}

test('a repository without servers says nothing', async () => {
  await pass();
  await pass();
  expect(await issues()).toEqual([]);
});

test('what lasts is told in one issue, edited as it changes, and closed when it is over', async () => {
  const path = (id: string) => `servers/${id}/kustomization.yaml`;
  await putFile(sandbox, { repo: REPO.repo, path: path('hello-k3v9x2'), content: 'resources: []\n' });
  await pass();
  expect(refreshed).toEqual(['hello-k3v9x2']);
  expect(await issues()).toEqual([]);

  await pass();
  const [issue] = await issues();
  expect(issue).toMatchObject({
    state: 'open',
    title: 'Drift: 2 differences to look at',
    labels: [{ name: 'mcp-hosting/drift' }],
    user: { type: 'Bot' },
  });
  expect(issue?.body).toContain('mcp-hosting knows no such server');

  await sandbox.control('DELETE', '/requests');
  await pass();
  expect(await writes()).toBe(0);

  await putFile(sandbox, { repo: REPO.repo, path: path('other-q7m2d4'), content: 'resources: []\n' });
  await pass();
  await pass();
  expect(await issues()).toMatchObject([{ number: issue?.number, title: 'Drift: 4 differences to look at' }]);

  for (const id of ['hello-k3v9x2', 'other-q7m2d4']) {
    const { data } = await sandbox.person.rest.repos.getContent({ ...REPO, path: path(id) });
    const { sha } = data as { sha: string };
    await sandbox.person.rest.repos.deleteFile({ ...REPO, path: path(id), message: 'Clean up', sha });
  }
  await pass();
  expect(await issues()).toMatchObject([{ number: issue?.number, state: 'closed', title: 'Drift: none' }]);
});

test('an issue that a person closed stays closed until something else turns up', async () => {
  const path = 'servers/hello-k3v9x2/kustomization.yaml';
  await putFile(sandbox, { repo: REPO.repo, path, content: 'resources: []\n' });
  await pass();
  await pass();
  const [issue] = await issues();
  expect(issue?.state).toBe('open');
  await sandbox.person.rest.issues.update({ ...REPO, issue_number: issue?.number ?? 0, state: 'closed' });
  await pass();
  expect((await issues())[0]?.state).toBe('closed');

  await putFile(sandbox, {
    repo: REPO.repo,
    path: 'servers/other-q7m2d4/kustomization.yaml',
    content: 'resources: []\n',
  });
  await pass();
  await pass();
  expect(await issues()).toMatchObject([{ number: issue?.number, state: 'open' }]);
});

test('an issue of somebody else with the label and the marker is left alone', async () => {
  const [own] = await issues();
  await sandbox.person.rest.issues.create({
    ...REPO,
    title: 'Mine',
    body: '<!-- mcp-hosting:drift -->\nmine',
    labels: ['mcp-hosting/drift'],
  });
  await pass();
  const all = await issues();
  expect(all.find(({ title }) => title === 'Mine')?.body).toContain('mine');
  expect(all).toHaveLength(2);
  expect(all.find(({ number }) => number === own?.number)?.state).toBe('open');
});
