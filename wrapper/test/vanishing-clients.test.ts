import { afterEach, expect, test } from '@jest/globals';
import { modernClient } from './modern-client.ts';
import { openConnection } from './raw-connection.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

afterEach(killStarted);

const CLIENTS = 500;
const META = '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

function post(method: string, params: string, name?: string): string {
  const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params},"_meta":${META}}}`;
  const head = ['POST /mcp HTTP/1.1', 'host: localhost', 'content-type: application/json'];
  head.push('mcp-protocol-version: 2026-07-28', `mcp-method: ${method}`, `content-length: ${body.length}`);
  if (name !== undefined) head.push(`mcp-name: ${name}`);
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

async function gauge({ origin }: WrapperProcess, name: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

test.each([
  ['streams', 'mcp_wrapper_streams', post('subscriptions/listen', '"notifications":{"toolsListChanged":true}')],
  ['calls', 'mcp_wrapper_requests_in_flight', post('tools/call', '"name":"hang"', 'hang')],
])('Clients that open %s and vanish leave none behind', async (_what, name, request) => {
  const wrapper = await startWrapper();
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => openConnection(wrapper.origin)));
  await Promise.all(connections.map(({ send }) => send(request)));
  while ((await gauge(wrapper, name)) < CLIENTS);

  for (const [index, { socket }] of connections.entries()) {
    if (index % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
  }

  while ((await gauge(wrapper, name)) > 0);
  expect(await modernClient(wrapper.url).text('echo', { message: 'on' })).toBe('on');
});
