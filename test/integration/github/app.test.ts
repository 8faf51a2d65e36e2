import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub } from './fake-github.ts';

const repository = { owner: 'acme', name: 'hello-server' };

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

describe('permissionOf', () => {
  const request = 'GET /repos/acme/hello-server/collaborators/you/permission';

  test.each([
    [{ permission: 'write', role_name: 'maintain' }, 'maintain'],
    [{ permission: 'write', role_name: 'release-manager' }, 'write'],
    [{ permission: 'read', role_name: 'triage' }, 'triage'],
    [{ permission: 'none', role_name: '' }, 'none'],
  ])('%j is %s', async (body, expected) => {
    fake.on(request, 200, body);

    await expect(fake.github.permissions.permissionOf(5, repository, 'you')).resolves.toBe(expected);
    expect(fake.rest).toHaveLength(1);
  });

  test('of a login that does not exist is none', async () => {
    fake.on(request, 404, { message: 'you is not a user' });

    await expect(fake.github.permissions.permissionOf(5, repository, 'you')).resolves.toBe('none');
  });

  test('a hostile login stays one part of the path', async () => {
    fake.on('GET /repos/acme/hello-server/collaborators/..%2F..%2Fapp/permission', 404, {});

    await expect(fake.github.permissions.permissionOf(5, repository, '../../app')).resolves.toBe('none');
  });
});

describe('installationOf', () => {
  test('is the installation that covers the repository', async () => {
    fake.on('GET /repos/acme/hello-server/installation', 200, { id: 5 });

    await expect(fake.github.installations.installationOf(repository)).resolves.toBe(5);
    expect(fake.rest[0]?.authorization).toMatch(/^bearer eyJ/);
  });

  test('is undefined where there is none', async () => {
    fake.on('GET /repos/acme/hello-server/installation', 404, { message: 'Not Found' });

    await expect(fake.github.installations.installationOf(repository)).resolves.toBeUndefined();
  });
});

describe('redeliverFailed', () => {
  const since = new Date('2026-11-01T10:00:00Z');
  const list = 'GET /app/hook/deliveries?per_page=100';
  const at = (minute: number) => `2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`;
  const delivery = (id: number, guid: string, minute: number, status_code: number) => ({
    id,
    guid,
    delivered_at: at(minute),
    status_code,
  });

  test('sends each failed delivery once, the oldest first, over all pages', async () => {
    fake.on(list, 200, [delivery(9, 'lost', 9, 502), delivery(8, 'mended', 8, 202)], {
      link: `<${fake.url}/app/hook/deliveries?per_page=100&cursor=v1_8>; rel="next"`,
    });
    fake.on(`${list}&cursor=v1_8`, 200, [
      delivery(7, 'mended', 7, 500),
      delivery(6, 'lost', 6, 500),
      delivery(5, 'timed-out', 5, 0),
      { ...delivery(4, 'too-old', 0, 500), delivered_at: '2026-11-01T09:59:59Z' },
    ]);
    fake.on('POST /app/hook/deliveries/5/attempts', 202, {});
    fake.on('POST /app/hook/deliveries/9/attempts', 202, {});

    await expect(fake.github.missedDeliveries.redeliverFailed(since)).resolves.toBe(2);
    expect(fake.rest.slice(2).map(({ request }) => request)).toEqual([
      'POST /app/hook/deliveries/5/attempts',
      'POST /app/hook/deliveries/9/attempts',
    ]);
  });

  test('leaves alone what was too long: it would be again', async () => {
    fake.on(list, 200, [delivery(9, 'too-long', 9, 413)]);

    await expect(fake.github.missedDeliveries.redeliverFailed(since)).resolves.toBe(0);
    expect(fake.rest).toHaveLength(1);
  });

  test('sends at most fifty in one call', async () => {
    const failed = Array.from({ length: 60 }, (_, index) => delivery(index + 1, `guid-${index}`, 30, 500));
    fake.on(list, 200, failed);
    for (let id = 1; id <= 50; id += 1) fake.on(`POST /app/hook/deliveries/${id}/attempts`, 202, {});

    await expect(fake.github.missedDeliveries.redeliverFailed(since)).resolves.toBe(50);
  });

  test('passes over one that GitHub does not send again', async () => {
    fake.on(list, 200, [delivery(9, 'lost', 9, 502)]);
    fake.on('POST /app/hook/deliveries/9/attempts', 422, { message: 'too old' });

    await expect(fake.github.missedDeliveries.redeliverFailed(since)).resolves.toBe(0);
    expect(fake.logged).toHaveLength(1);
  });
});
