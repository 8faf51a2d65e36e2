import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { recordProgress } from '../../wrapper/test/record-progress.ts';
import {
  EVERYTHING,
  freePort,
  killStarted as killWrappers,
  startWrapper,
  type WrapperProcess,
} from '../../wrapper/test/wrapper-process.ts';
import { CONNECT_MAIN, killStarted, startConnect } from './connect-process.ts';

afterEach(async () => {
  await killStarted();
  await killWrappers();
});

const KEY = 'mcp_test_key';
const KEY_SHA256 = createHash('sha256').update(KEY).digest('hex');

async function startEverything(): Promise<{
  wrapper: WrapperProcess;
  command: { command: string; args: string[]; env: Record<string, string> };
}> {
  const command = [process.execPath, EVERYTHING, 'stdio'];
  const wrapper = await startWrapper({ command, env: { MCP_WRAPPER_KEY_SHA256: KEY_SHA256 } });
  const env = { MCP_CONNECT_URL: wrapper.url.replace('127.0.0.1', '{server-id}.localhost'), MCP_CONNECT_KEY: KEY };
  return { wrapper, command: { command: process.execPath, args: [CONNECT_MAIN, 'everything-k3v9x2'], env } };
}

test('SDK v1 client over stdio calls tools of a server behind the wrapper', async () => {
  const { command } = await startEverything();
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport(command);
  await client.connect(transport);
  const progress = recordProgress(transport);

  const { tools } = await client.listTools();
  const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } };
  await client.callTool(long, undefined, { onprogress: () => {} });
  const messages = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  const answers = await Promise.all(
    messages.map((message) => client.callTool({ name: 'echo', arguments: { message } })),
  );

  expect(tools.map(({ name }) => name)).toContain('echo');
  expect(progress).toEqual([1, 2, 3, 4]);
  expect(answers.map(({ content }) => content)).toEqual(
    messages.map((text) => [{ type: 'text', text: `Echo: ${text}` }]),
  );
  await client.close();
});

test.each([['legacy'], ['auto']] as const)('SDK v2 client over stdio in mode %s calls a tool', async (mode) => {
  const { command } = await startEverything();
  const client = new ModernClient({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(command));

  const echo = await client.callTool({ name: 'echo', arguments: { message: 'ahoj' } });

  expect(echo.content).toEqual([{ type: 'text', text: 'Echo: ahoj' }]);
  await client.close();
});

test('client keeps working when the wrapper was restarted', async () => {
  const port = String(await freePort());
  const first = await startWrapper({ args: ['--port', port] });
  const client = startConnect([first.url]);
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  client.write({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  client.write({ jsonrpc: '2.0', method: 'notifications/initialized' });
  await client.until(0);

  first.kill('SIGTERM');
  await first.exited;
  await startWrapper({ args: ['--port', port] });
  client.write({
    jsonrpc: '2.0',
    id: 'after',
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'x' } },
  });

  expect((await client.until('after')).at(-1)?.result.content[0].text).toBe('x');
});

test('call under way when the wrapper is killed is answered with an error at once', async () => {
  const wrapper = await startWrapper();
  const client = startConnect([wrapper.url]);
  client.write({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
  await client.until(0);
  client.write({ jsonrpc: '2.0', id: 'lost', method: 'tools/call', params: { name: 'hang' } });
  const received = { jsonrpc: '2.0', id: 'r', method: 'tools/call', params: { name: 'received' } };
  do client.write(received);
  while (!(await client.until('r')).at(-1)?.result.content[0].text.includes('"hang"'));

  wrapper.kill('SIGKILL');

  expect((await client.until('lost')).at(-1)?.error?.data).toEqual({ reason: 'unanswered' });
});
