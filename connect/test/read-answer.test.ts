import type { Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { failureOf, readAnswer } from '../src/bridge/read-answer.ts';
import { HttpClient } from '../src/http/http-client.ts';
import { startRawServer, stopRawServers } from './http/raw-server.ts';

const TRICKLE_MS = 20;
const BODY_TIMEOUT_MS = 300;
const HEAD = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

const timers: NodeJS.Timeout[] = [];
const clients: HttpClient[] = [];

afterEach(async () => {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const client of clients.splice(0)) client.close();
  await stopRawServers();
});

/** Sends white space for ever, which JSON may begin with and which is no silence. */
function trickle(socket: Socket): void {
  timers.push(setInterval(() => socket.write('1\r\n \r\n'), TRICKLE_MS));
}

async function post(url: URL) {
  const client = new HttpClient(url, {});
  clients.push(client);
  return await client.send({ method: 'POST', headers: {}, body: '{}', silenceMs: 10 * TRICKLE_MS });
}

test('a body that comes byte by byte without end is given up', async () => {
  const server = await startRawServer((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${HEAD}`);
    trickle(socket);
  });

  const answer = readAnswer(await post(server.url), () => {}, BODY_TIMEOUT_MS);

  await expect(answer).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('so is that of an error, whose status then says it all', async () => {
  const server = await startRawServer((_request, socket) => {
    socket.write(`HTTP/1.1 503 Service Unavailable\r\n${HEAD}`);
    trickle(socket);
  });

  const { failure } = await failureOf(await post(server.url), BODY_TIMEOUT_MS);

  expect(failure).toMatchObject({ kind: 'http', status: 503, detail: '' });
});

test('an answer may begin with a byte order mark', async () => {
  const server = await startRawServer((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n\uFEFF{"a":1}');
  });
  const values: unknown[] = [];

  await readAnswer(await post(server.url), (value) => values.push(value));

  expect(values).toEqual([{ a: 1 }]);
});
