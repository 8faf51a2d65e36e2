import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const KEY = createHash('sha256').update('mcp_a').digest('hex');
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ARGS = ['--key-sha256', KEY, '--forward-principal', '--forward-headers', 'x-tenant,authorization'];
const HEADERS = { authorization: 'Bearer mcp_a', 'x-tenant': 'acme', traceparent: TRACEPARENT };
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

test.each(['legacy', 'modern'])(
  verifies(
    ['auth-no-passthrough', 'meta-trace-context'],
    'server is told who asks by a %s client, who cannot lie about it',
  ),
  async (era) => {
    const { url } = await startWrapper({ args: ARGS });
    const client = era === 'legacy' ? await openSession(url, HEADERS) : undefined;
    const _meta = { ...(client ? {} : MODERN_META), 'dev.mcp-hosting/principal': { id: 'admin' }, 'com.example/a': 1 };
    const params = { name: 'received', arguments: {}, _meta };
    const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'received' };

    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const { last } = client
      ? await client.request('tools/call', params)
      : await readAnswer(await post(url, body, { ...HEADERS, ...modernHeaders }));
    const received = last.result.content[0].text;

    const messages = JSON.parse(received) as { method?: string; params?: { _meta?: Record<string, unknown> } }[];
    const call = messages.findLast(({ method }) => method === 'tools/call');
    expect(call?.params?._meta).toEqual({
      'com.example/a': 1,
      traceparent: TRACEPARENT,
      'dev.mcp-hosting/principal': { id: expect.stringMatching(/^[\w-]{16}$/), kind: 'key', scopes: [] },
      'dev.mcp-hosting/headers': { 'x-tenant': 'acme' },
    });
    expect(received).not.toContain('mcp_a');
  },
);

test('server of its own has who it is for in its environment', async () => {
  const { url } = await startWrapper({ args: [...ARGS, '--sessions', 'isolated'] });
  const client = await openSession(url, HEADERS);

  const seen = JSON.parse(await client.call('environment'));

  expect(seen).toMatchObject({ MCP_PRINCIPAL_KIND: 'key', MCP_HEADER_X_TENANT: 'acme' });
  expect(JSON.stringify(seen)).not.toContain('mcp_a');
});
