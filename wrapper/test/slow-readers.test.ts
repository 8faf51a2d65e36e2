import { afterEach, expect, test } from '@jest/globals';
import { modernClient } from './modern-client.ts';
import { openConnection, type RawConnection } from './raw-connection.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const CHARACTERS = 5_000_000;
const BODY = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"big","arguments":{"characters":${CHARACTERS}}}}`;
const HEAD = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`;

test.each([
  ['plain', [HEAD + BODY]],
  ['left to node:http', ['GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n', HEAD + BODY]],
])('of large answers on connections that are %s are cut, and who reads is served', async (_way, requests) => {
  const wrapper = await startWrapper();
  const connections: RawConnection[] = [];
  for (let i = 0; i < 40; i += 1) {
    const connection = await openConnection(wrapper.origin);
    connections.push(connection);
    for (const [index, request] of requests.entries()) {
      if (index === requests.length - 1) connection.socket.pause();
      await connection.send(request);
      if (index < requests.length - 1) await connection.reply();
    }
  }

  const cut = await wrapper.logged('Slow readers cut: too many bytes wait for them');
  const answer = await modernClient(wrapper.url).text('big', { characters: CHARACTERS });

  const [first] = connections;
  first?.socket.resume();
  await first?.ended;
  expect(await first?.reply()).toBeUndefined();
  expect(cut).toMatchObject({ level: 'warn', connections: expect.any(Number) });
  expect(answer).toHaveLength(CHARACTERS);
  for (const { socket } of connections) socket.destroy();
});
