import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Answer,
  createTestRepository,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
  WEBHOOK_SECRET,
} from './start-test-github.ts';

let github: TestGitHub;
const at = { owner: 'acme', repo: 'hooks' };

beforeAll(async () => {
  github = await startTestGitHub();
  await createTestRepository(github, 'hooks');
});

afterAll(() => stopWithoutViolations(github));

async function openIssue(title: string): Promise<number> {
  return (await github.person.rest.issues.create({ ...at, title })).data.number;
}

test('a webhook is signed over its exact body and says where it comes from', async () => {
  await openIssue('Ünïcode 🚀');

  const { headers, text, payload } = await github.webhook('issues', (one) => one.issue.title === 'Ünïcode 🚀');
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(text).digest('hex');
  expect(headers).toMatchObject({
    'x-github-event': 'issues',
    'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-hub-signature-256': `sha256=${signature}`,
    'x-github-hook-installation-target-type': 'integration',
    'x-github-hook-installation-target-id': '4711',
    'content-type': 'application/json',
  });
  expect(payload).toMatchObject({
    action: 'opened',
    installation: { id: expect.any(Number) },
    sender: { login: 'you' },
    repository: { full_name: 'acme/hooks' },
    organization: { login: 'acme' },
  });
});

test("the App's own comments come back to it, from a Bot", async () => {
  const issue_number = await openIssue('Own');

  const { data } = await github.app.rest.issues.createComment({ ...at, issue_number, body: 'mine' });
  await github.app.rest.issues.updateComment({ ...at, comment_id: data.id, body: 'edited' });

  const { payload } = await github.webhook(
    'issue_comment',
    (one) => one.action === 'edited' && one.comment.id === data.id,
  );
  expect(payload).toMatchObject({
    changes: { body: { from: 'mine' } },
    comment: { body: 'edited', user: { type: 'Bot' }, performed_via_github_app: { id: 4711 } },
    sender: { login: 'mcp-hosting[bot]', type: 'Bot' },
  });
});

test('a failed delivery is not tried again; asked for, it comes with its old id', async () => {
  github.setWebhookStatus(500);
  await openIssue('Fails');
  const failed = await github.webhook('issues', (one) => one.issue.title === 'Fails');
  github.setWebhookStatus(200);
  const [listed] = await failedDeliveries();

  await github.appJwt.request('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: Number(listed?.id) });

  const again = await waitFor(() => github.webhooks.filter((one) => one.delivery === failed.delivery)[1]);
  const { data } = await github.appJwt.request('GET /app/hook/deliveries/{delivery_id}', {
    delivery_id: Number(listed?.id),
  });
  expect(listed).toMatchObject({ guid: failed.delivery, event: 'issues', status_code: 500, redelivery: false });
  expect(again.text).toBe(failed.text);
  expect(data.response).toMatchObject({ payload: '' });
  const attempts = await waitFor(async () => {
    const all = await github.appJwt.request('GET /app/hook/deliveries', { per_page: 100 });
    const same = all.data.filter((one) => one.guid === failed.delivery);
    return same.length === 2 ? same : undefined;
  });
  expect(attempts.map((one) => one.redelivery)).toEqual([true, false]);
});

test('deliveries are paged by cursor, newest first', async () => {
  for (const title of ['Page 1', 'Page 2', 'Page 3']) {
    await openIssue(title);
    await github.webhook('issues', (one) => one.issue.title === title);
  }

  const pages = github.appJwt.paginate.iterator('GET /app/hook/deliveries', { per_page: 2 });
  const ids: number[] = [];
  for await (const { data } of pages) ids.push(...data.map((one) => Number(one.id)));

  expect(ids.length).toBeGreaterThan(4);
  expect(ids).toEqual([...new Set(ids)].sort((one, other) => other - one));
});

test('duplicate sends each delivery twice with one id', async () => {
  await github.control('POST', '/webhooks', { duplicate: true });

  await openIssue('Twice');

  const both = await waitFor(() => {
    const found = github.webhooks.filter((one) => one.payload.issue?.title === 'Twice');
    return found.length === 2 ? found : undefined;
  });
  await github.control('POST', '/webhooks', {});
  expect(new Set(both.map((one) => one.delivery)).size).toBe(1);
});

test('hold keeps deliveries back until they are released, and reversed pairs leave the later one first', async () => {
  await github.control('POST', '/webhooks', { hold: true });
  await openIssue('Held 1');
  await openIssue('Held 2');
  expect((await github.control('GET', '/webhooks')).body.held).toEqual(['issues.opened', 'issues.opened']);
  expect(github.webhooks.some((one) => one.payload.issue?.title.startsWith('Held'))).toBe(false);

  await github.control('POST', '/webhooks', { reversePairs: true });

  await github.webhook('issues', (one) => one.issue.title === 'Held 1');
  await github.webhook('issues', (one) => one.issue.title === 'Held 2');
  // A delivery is listed when its answer has come.
  const sent = await waitFor(async () => {
    const titles = await newestTitles(2);
    return titles.every((title) => title?.startsWith('Held')) ? titles : undefined;
  });
  await github.control('POST', '/webhooks', {});
  expect(sent).toEqual(['Held 2', 'Held 1']);
});

test('drop fails the deliveries it matches, so that they can be asked for', async () => {
  await github.control('POST', '/webhooks', { drop: '^issues\\.' });

  await openIssue('Dropped');

  await github.control('POST', '/webhooks', {});
  const [dropped] = await failedDeliveries();
  expect(dropped).toMatchObject({ event: 'issues', action: 'opened', status_code: 0 });
  await github.appJwt.request('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: Number(dropped?.id) });
  await github.webhook('issues', (one) => one.issue.title === 'Dropped');
});

test("a repository's own webhook gets a ping, then the events it asked for", async () => {
  const url = `${(await github.webhook('issues')).headers.host}`;
  const config = { url: `http://${url}/argocd`, content_type: 'json', secret: 'other' };

  await github.person.rest.repos.createWebhook({ ...at, events: ['push'], config });
  const content = Buffer.from('x').toString('base64');
  await github.person.rest.repos.createOrUpdateFileContents({ ...at, path: 'x', message: 'x', content });

  const own = (one: { headers: Record<string, unknown> }): boolean =>
    one.headers['x-github-hook-installation-target-type'] === 'repository';
  const push = await waitFor(() => github.webhooks.find((one) => one.event === 'push' && own(one)));
  expect(push.headers['x-hub-signature-256']).toBe(
    `sha256=${createHmac('sha256', 'other').update(push.text).digest('hex')}`,
  );
  expect(push.payload.installation).toBeUndefined();
  expect(github.webhooks.filter(own).map((one) => one.event)).toEqual(['ping', 'push']);
});

test('a repository_dispatch of a workflow reaches the App', async () => {
  await github.app.rest.repos.createDispatchEvent({
    ...at,
    event_type: 'built',
    client_payload: { digest: 'sha256:0' },
  });

  const { payload } = await github.webhook('repository_dispatch');
  expect(payload).toMatchObject({ action: 'built', branch: 'main', client_payload: { digest: 'sha256:0' } });
});

/** Of the issues that the newest deliveries tell of, oldest first. */
async function newestTitles(count: number): Promise<(string | undefined)[]> {
  const { data } = await github.appJwt.request('GET /app/hook/deliveries', { per_page: count });
  const titles: (string | undefined)[] = [];
  for (const { id } of data.reverse()) {
    const delivery = await github.appJwt.request('GET /app/hook/deliveries/{delivery_id}', { delivery_id: Number(id) });
    titles.push((delivery.data.request.payload as Answer).issue?.title);
  }
  return titles;
}

async function failedDeliveries() {
  return waitFor(async () => {
    const { data } = await github.appJwt.request('GET /app/hook/deliveries', { per_page: 1 });
    return data[0] && data[0].status_code !== 200 ? data : undefined;
  });
}

/** Looks again until something is there; jest's own limit ends it. */
async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
