import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Message } from '../mcp-client.ts';
import { CAPABILITIES_KEY, VERSION_KEY } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

afterEach(killStarted);

const META = { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} };

interface Socket {
  send(message: object): void;
  next(): Promise<Message>;
  close(): void;
}

async function connect(origin: string, options: object = {}): Promise<Socket> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/mcp/stream`, 'mcp', options);
  const queue: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    const waiter = waiting.shift();
    if (waiter) waiter(message);
    else queue.push(message);
  });
  await once(socket, 'open');
  expect(socket.protocol).toBe('mcp');
  return {
    send: (message) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message })),
    next: () => {
      const message = queue.shift();
      return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
    },
    close: () => socket.close(),
  };
}

test(
  verifies('websocket-json-rpc', 'A legacy session lives in one connection, progress before its answer'),
  async () => {
    const { origin } = await startWrapper();
    const socket = await connect(origin);

    socket.send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } });
    const opened = await socket.next();
    socket.send({ method: 'notifications/initialized' });
    const params = { name: 'progress', _meta: { progressToken: 'p' } };
    socket.send({ id: 'call', method: 'tools/call', params });
    const messages = [await socket.next(), await socket.next(), await socket.next()];

    expect(opened).toMatchObject({ id: 0, result: { serverInfo: { name: 'fixture' } } });
    expect(messages.map(({ method, id }) => method ?? id)).toEqual([
      'notifications/progress',
      'notifications/progress',
      'call',
    ]);
    socket.close();
  },
);

test(
  verifies('websocket-json-rpc', 'Modern requests need nothing before them, and cancel by notification'),
  async () => {
    const { origin } = await startWrapper();
    const socket = await connect(origin);

    socket.send({ id: 1, method: 'tools/call', params: { name: 'hang', _meta: META } });
    socket.send({ id: 2, method: 'tools/call', params: { name: 'echo', arguments: { message: 'hi' }, _meta: META } });
    const echoed = await socket.next();
    socket.send({ method: 'notifications/cancelled', params: { requestId: 1, _meta: META } });
    socket.send({ id: 3, method: 'tools/call', params: { name: 'received', _meta: META } });
    const received = await socket.next();

    expect(echoed).toMatchObject({ id: 2, result: { resultType: 'complete', content: [{ text: 'hi' }] } });
    expect(received.id).toBe(3);
    expect(received.result.content[0].text).toContain('notifications/cancelled');
    socket.close();
  },
);

test(verifies(['websocket-json-rpc', 'http-origin-403'], 'A foreign Origin gets no connection'), async () => {
  const { origin } = await startWrapper();
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/mcp/stream`, 'mcp', { origin: 'https://evil.example' });

  const [, response] = await once(socket, 'unexpected-response');

  expect(response.statusCode).toBe(403);
  response.resume();
  socket.on('error', () => {});
  socket.terminate();
});

test(
  verifies('websocket-documented', 'The page tells how to connect, ping, cancel and close, and of the Origin'),
  async () => {
    const page = await readFile(new URL('../../../docs/websocket.md', import.meta.url), 'utf8');

    for (const topic of [/\/mcp\/stream/, /subprotocol/i, /\bping\b/i, /cancel/i, /close code/i, /Origin/]) {
      expect(page).toMatch(topic);
    }
  },
);
