import { afterEach, describe, expect, test } from '@jest/globals';
import { type FakeApiServer, sendJson, sendStatus, startFakeApiServer } from './fake-api-server.ts';

const collection = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
const applicationSet = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/mcp-servers';
const named = (name: string, resourceVersion = '1') => ({ metadata: { name, resourceVersion } });

let api: FakeApiServer;
afterEach(() => api.close());

describe('list', () => {
  test('reads every page and leaves out what is none of ours', async () => {
    api = await startFakeApiServer(({ query }, response) => {
      const first = query.get('continue') === null;
      sendJson(response, 200, {
        metadata: first ? { continue: 'more' } : {},
        items: first ? [named('mcp-a-1'), named('guestbook')] : [named('mcp-b-2')],
      });
    });

    const applications = await api.kubernetes.applications.list();

    expect(applications.map(({ serverId }) => serverId)).toEqual(['a-1', 'b-2']);
    expect(api.requests.map(({ query }) => query.get('limit'))).toEqual(['500', '500']);
  });

  test.each([
    [500, { name: 'RetryLaterError' }],
    [429, { name: 'RetryLaterError' }],
    [403, { name: 'UserError', code: 'cluster-forbidden' }],
    [401, { name: 'UserError', code: 'cluster-forbidden' }],
    [404, { name: 'UserError', code: 'cluster-object-missing' }],
    [422, { name: 'Error' }],
  ])('a %i is %j', async (status, expected) => {
    api = await startFakeApiServer((_request, response) => sendStatus(response, status, 'words'));

    await expect(api.kubernetes.applications.list()).rejects.toMatchObject(expected);
  });

  test('is tried again when the connection is cut', async () => {
    api = await startFakeApiServer((_request, _response, incoming) => incoming.socket.destroy());

    await expect(api.kubernetes.applications.list()).rejects.toMatchObject({ name: 'RetryLaterError' });
    await expect(api.kubernetes.ready()).resolves.toBe(false);
  });

  test('never shows the token', async () => {
    api = await startFakeApiServer((_request, response) => sendStatus(response, 403, 'words'));

    const error = await api.kubernetes.applications.list().catch((failure: Error) => failure);

    expect(`${(error as Error).stack}`).not.toContain('secret-token');
  });
});

describe('read', () => {
  test('is undefined where there is none', async () => {
    api = await startFakeApiServer((_request, response) => sendStatus(response, 404, 'not found'));

    await expect(api.kubernetes.applications.read('hello-x1')).resolves.toBeUndefined();
    expect(api.requests[0]?.path).toBe(`${collection}/mcp-hello-x1`);
  });
});

describe('refresh', () => {
  test('annotates the Application and the ApplicationSet', async () => {
    api = await startFakeApiServer((_request, response) => sendJson(response, 200, {}));

    await api.kubernetes.applications.refresh('hello-x1');

    expect(
      api.requests.map(({ method, path, contentType, body }) => [method, path, contentType, JSON.parse(body)]),
    ).toEqual([
      [
        'PATCH',
        `${collection}/mcp-hello-x1`,
        'application/merge-patch+json',
        { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } },
      ],
      [
        'PATCH',
        applicationSet,
        'application/merge-patch+json',
        { metadata: { annotations: { 'argocd.argoproj.io/application-set-refresh': 'true' } } },
      ],
    ]);
  });

  test('asks the ApplicationSet alone where the Application does not exist yet', async () => {
    api = await startFakeApiServer(({ path }, response) =>
      path === applicationSet ? sendJson(response, 200, {}) : sendStatus(response, 404, 'not found'),
    );

    await api.kubernetes.applications.refresh('hello-x1');

    expect(api.requests.map(({ path }) => path)).toEqual([`${collection}/mcp-hello-x1`, applicationSet]);
    expect(api.logged).toEqual([]);
  });

  test('is a hint: a missing ApplicationSet is logged', async () => {
    api = await startFakeApiServer((_request, response) => sendStatus(response, 404, 'not found'));

    await api.kubernetes.applications.refresh('hello-x1');

    expect(api.logged).toHaveLength(1);
  });
});
