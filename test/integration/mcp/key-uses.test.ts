import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { readKeyUses } from '../../../src/adapters/mcp/read-key-uses.ts';
import { type Listening, listen } from './mcp-servers.ts';

const listening: Listening[] = [];
afterEach(async () => {
  for (const server of listening.splice(0)) await server.close();
});

async function serve(answer: (response: ServerResponse, path: string | undefined) => void): Promise<Listening> {
  const server = await listen((request, response) => answer(response, request.url));
  listening.push(server);
  return server;
}

test('last uses are read from the metrics of the endpoint, with the key', async () => {
  const text = `# HELP mcp_wrapper_key_last_used_timestamp_seconds When
mcp_wrapper_key_last_used_timestamp_seconds{key_id="7f3a9c21d0b4"} 1800000000.5
mcp_wrapper_key_last_used_timestamp_seconds{key_id="mcp-hosting"} 1.8e9
mcp_wrapper_key_last_used_timestamp_seconds{key_id="broken"} soon
mcp_wrapper_key_last_used_timestamp_seconds{key_id="a\\"b"} 1
mcp_wrapper_sessions 2
`;
  const server = await serve((response, path) => response.writeHead(path === '/metrics' ? 200 : 404).end(text));

  const uses = await readKeyUses(server.url, 'mcp_probe', 5_000);

  expect([...uses]).toEqual([
    ['7f3a9c21d0b4', new Date(1_800_000_000_500)],
    ['mcp-hosting', new Date(1_800_000_000_000)],
  ]);
  expect(server.headers[0]?.authorization).toBe('Bearer mcp_probe');
});

test.each<[string, (response: ServerResponse) => void]>([
  ['refuses', (response) => response.writeHead(401).end('mcp_wrapper_key_last_used_timestamp_seconds{key_id="x"} 1')],
  ['leads elsewhere', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ['hangs up', (response) => response.destroy()],
  ['is endless', (response) => void endless(response)],
])('an endpoint that %s tells of no uses', async (_, answer) => {
  const server = await serve(answer);

  expect([...(await readKeyUses(server.url, 'mcp_probe', 5_000))]).toEqual([]);
});

function endless(response: ServerResponse): void {
  const chunk = 'x'.repeat(1024 * 1024);
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}
