import { afterEach, expect, test } from '@jest/globals';
import { type FakeApiServer, sendJson, startFakeApiServer } from './fake-api-server.ts';

let api: FakeApiServer | undefined;
afterEach(() => api?.close());

test('the Secrets of servers are listed in pages, without asking for their values', async () => {
  const accepted: (string | undefined)[] = [];
  const item = (name: string, labels = {}) => ({ metadata: { name, labels } });
  const ours = (id: string) => ({ 'app.kubernetes.io/managed-by': 'mcp-hosting', 'server-id': id });
  const pages: Record<string, object> = {
    '': {
      metadata: { continue: 'more' },
      items: [
        item('mcp-hello-k3v9x2-access', ours('hello-k3v9x2')),
        item('mcp-hello-k3v9x2-env'),
        item('mcp-hello-k3v9x2-tls', ours('hello-k3v9x2')),
        item('ghcr'),
      ],
    },
    more: { metadata: {}, items: [item('mcp-other-q7m2d4-access', ours('hello-k3v9x2')), item('mcp-x-access')] },
  };
  api = await startFakeApiServer(({ query }, response, incoming) => {
    accepted.push(incoming.headers.accept);
    sendJson(response, 200, { kind: 'PartialObjectMetadataList', ...pages[query.get('continue') ?? ''] });
  });

  const secrets = await api.kubernetes.secretInventory.listServerSecrets();

  expect(secrets).toEqual([
    { name: 'mcp-hello-k3v9x2-access', serverId: 'hello-k3v9x2', ours: true },
    { name: 'mcp-hello-k3v9x2-env', serverId: 'hello-k3v9x2', ours: false },
    { name: 'mcp-other-q7m2d4-access', serverId: 'other-q7m2d4', ours: false },
  ]);
  expect(accepted).toHaveLength(2);
  for (const header of accepted) expect(header).toContain('as=PartialObjectMetadataList');
});
