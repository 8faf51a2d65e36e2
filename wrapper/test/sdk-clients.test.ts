import { afterEach, expect, test } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { openSession } from './mcp-client.ts';
import { recordProgress } from './record-progress.ts';
import { EVERYTHING, killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

afterEach(killStarted);

function startEverything(): Promise<WrapperProcess> {
  return startWrapper({ command: [process.execPath, EVERYTHING, 'stdio'] });
}

async function connectV1(url: string): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await client.connect(transport as Transport);
  return { client, transport };
}

test('SDK v1 client lists, calls with progress, reads and prompts through the wrapper', async () => {
  const { url } = await startEverything();
  const { client, transport } = await connectV1(url);
  const progress = recordProgress(transport as Transport);

  const { tools } = await client.listTools();
  const echo = await client.callTool({ name: 'echo', arguments: { message: 'ahoj' } });
  const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } };
  await client.callTool(long, undefined, { onprogress: () => {} });
  const { resources } = await client.listResources();
  const { prompts } = await client.listPrompts();

  expect(tools.map(({ name }) => name)).toContain('echo');
  expect(echo.content).toEqual([{ type: 'text', text: 'Echo: ahoj' }]);
  expect(progress).toEqual([1, 2, 3, 4]);
  expect([resources.length > 0, prompts.length > 0]).toEqual([true, true]);
  await transport.terminateSession();
  await client.close();
});

test('SDK v1 client hears of changes on its stream', async () => {
  const { url } = await startWrapper();
  const { client } = await connectV1(url);
  const heard = new Promise((resolve) => {
    client.setNotificationHandler(ToolListChangedNotificationSchema, resolve);
  });

  const other = await openSession(url);
  await other.call('notify', { method: 'notifications/tools/list_changed' });

  await expect(heard).resolves.toMatchObject({ method: 'notifications/tools/list_changed' });
  await client.close();
});

test('SDK v1 client cancels a call, and goes on', async () => {
  const { url } = await startWrapper();
  const { client } = await connectV1(url);
  const controller = new AbortController();
  const call = client.callTool({ name: 'hang' }, undefined, { signal: controller.signal });
  const watcher = await openSession(url);
  while (!(await watcher.call('received')).includes('"hang"'));

  controller.abort('enough');

  await expect(call).rejects.toThrow(/enough/);
  while (!(await watcher.call('received')).includes('notifications/cancelled'));
  expect((await client.listTools()).tools.length).toBeGreaterThan(0);
  await client.close();
});

test.each([
  ['legacy', '2025-11-25'],
  ['auto', '2026-07-28'],
] as const)('SDK v2 client in mode %s lists and calls through the wrapper', async (mode, version) => {
  const { url } = await startEverything();
  const client = new ModernClient({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(new URL(url)));

  const { tools } = await client.listTools();
  const echo = await client.callTool({ name: 'echo', arguments: { message: 'ahoj' } });

  expect(tools.map(({ name }) => name)).toContain('echo');
  expect(echo.content).toEqual([{ type: 'text', text: 'Echo: ahoj' }]);
  expect(client.getNegotiatedProtocolVersion()).toBe(version);
  await client.close();
});

test('twenty SDK clients at once share the one server', async () => {
  const { url } = await startEverything();
  const connections = await Promise.all(Array.from({ length: 20 }, () => connectV1(url)));

  const answers = await Promise.all(
    connections.map(({ client }, i) => client.callTool({ name: 'echo', arguments: { message: String(i) } })),
  );

  expect(answers.map(({ content }) => content)).toEqual(
    connections.map((_, i) => [{ type: 'text', text: `Echo: ${i}` }]),
  );
  await Promise.all(connections.map(({ client }) => client.close()));
});
