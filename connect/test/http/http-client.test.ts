import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { decodeContent } from '../../src/http/decode-content.ts';
import { HttpClient, type HttpRequest } from '../../src/http/http-client.ts';
import { NeverSentError, NotHttpError } from '../../src/http/http-error.ts';
import type { HttpResponse } from '../../src/http/http-response.ts';
import { dribble, startRawServer, stopRawServers } from './raw-server.ts';

const clients: HttpClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stopRawServers();
});

function open(url: URL): HttpClient {
  const client = new HttpClient(url, {});
  clients.push(client);
  return client;
}

const POST: HttpRequest = { method: 'POST', headers: { accept: 'text/plain' }, body: 'né' };

async function readText(res: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  await decodeContent(res, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks).toString();
}

const WITH_LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nčau!';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nč!\r\n2 \r\nau\r\n0\r\nTrailer: 1\r\n\r\n';

test.each([
  ['a length', WITH_LENGTH, 'čau!'],
  ['chunks, an extension and a trailer', CHUNKED, 'č!au'],
  ['an interim answer before it', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${WITH_LENGTH}`, 'čau!'],
  ['no reason phrase', 'HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx', 'x'],
  ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx', 'x'],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
])('an answer with %s is read, in one piece and byte by byte, over one connection', async (_name, answer, body) => {
  const server = await startRawServer((_request, socket, count) => {
    if (count === 1) socket.write(answer);
    else void dribble(socket, answer);
  });
  const client = open(server.url);

  const whole = await readText(await client.send(POST));
  const dribbled = await readText(await client.send(POST));

  expect([whole, dribbled]).toEqual([body, body]);
  expect(server.connections()).toBe(1);
  expect(server.requests[0]).toBe(
    `POST /mcp?a=b HTTP/1.1\r\nhost: ${server.url.host}\r\naccept: text/plain\r\ncontent-length: 3\r\n\r\n${Buffer.from('né').toString('latin1')}`,
  );
});

test('a folded header is one line, several of one name are joined, and of a content type the first counts', async () => {
  const head = 'HTTP/1.1 200 OK\r\nA: 1\r\n  2\r\nB: 1\r\nb: 2\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n';
  const server = await startRawServer((_request, socket) => socket.write(`${head}Content-Length: 0\r\n\r\n`));

  const { headers } = await open(server.url).send(POST);

  expect([headers.get('a'), headers.get('b'), headers.get('content-type')]).toEqual(['1 2', '1, 2', 'a/b']);
});

test('a body without a length ends with the connection', async () => {
  const server = await startRawServer((_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));

  expect(await readText(await open(server.url).send(POST))).toBe('all of it');
});

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
])('a body with %s that is cut is an error', async (_name, answer) => {
  const server = await startRawServer((_request, socket) => socket.end(answer));
  const res = await open(server.url).send(POST);

  await expect(readText(res)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test.each([
  ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx'],
  ['an unknown transfer encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx'],
  ['a head without an end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}`],
  ['interim answers without an end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
])('%s is not HTTP', async (_name, answer) => {
  const server = await startRawServer((_request, socket) => socket.write(answer));

  await expect(open(server.url).send(POST)).rejects.toBeInstanceOf(NotHttpError);
});

test.each([
  ['a size that is no number', 'xyz\r\n'],
  ['a chunk that is longer than it said', '1\r\nab\r\n'],
])('%s breaks the body off', async (_name, body) => {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  const server = await startRawServer((_request, socket) => socket.write(answer));
  const res = await open(server.url).send(POST);

  await expect(readText(res)).rejects.toBeInstanceOf(NotHttpError);
});

test.each([
  ['says that it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx'],
  ['is of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx'],
  ['closes at once', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 1\r\n\r\nx'],
  ['says more than was asked', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n'],
])('a connection whose server %s is not used again', async (_name, answer) => {
  const server = await startRawServer((_request, socket) => socket.write(answer));
  const client = open(server.url);

  await readText(await client.send(POST));
  await readText(await client.send(POST));

  expect(server.connections()).toBe(2);
});

test('a kept connection that turns out to be dead is replaced for what may be sent twice, and for nothing else', async () => {
  const server = await startRawServer((_request, socket, count) => {
    // The second request on a connection is read, and the connection reset.
    if (count % 2 === 0) socket.resetAndDestroy();
    else socket.write(WITH_LENGTH);
  });
  const client = open(server.url);

  await readText(await client.send(POST));
  const repeated = await readText(await client.send({ ...POST, isRepeatable: true }));
  const refused = client.send(POST);

  expect(repeated).toBe('čau!');
  await expect(refused).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(server.requests).toHaveLength(4);
});

test('a compressed body that nobody asked for is read', async () => {
  const body = gzipSync('čau!');
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
  const server = await startRawServer((_request, socket) => socket.write(Buffer.concat([Buffer.from(head), body])));
  const client = open(server.url);

  expect(await readText(await client.send(POST))).toBe('čau!');
  expect(await readText(await client.send(POST))).toBe('čau!');
});

test('what would end a header line is never sent', async () => {
  const server = await startRawServer((_request, socket) => socket.write(WITH_LENGTH));
  const client = open(server.url);

  await expect(client.send({ ...POST, headers: { a: 'b\r\nc: d' } })).rejects.toMatchObject({
    code: 'ERR_INVALID_CHAR',
  });
  expect(server.requests).toEqual([]);
});

test('nothing listens: the request was never sent', async () => {
  const server = await startRawServer(() => {});
  const client = open(server.url);
  await stopRawServers();

  const failure = await client.send(POST).catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(NeverSentError);
  expect(failure).toMatchObject({ code: 'ECONNREFUSED' });
});

test('silence for longer than asked for is an error', async () => {
  const server = await startRawServer(() => {});

  await expect(open(server.url).send({ ...POST, silenceMs: 50 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('an aborted request closes its connection', async () => {
  const closed = new Promise<void>((resolve) => {
    void startRawServer((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin');
      void once(socket, 'close').then(() => resolve());
    }).then(async ({ url }) => {
      const giveUp = new AbortController();
      const res = await open(url).send({ ...POST, signal: giveUp.signal });
      await expect(res.read(() => giveUp.abort(new Error('enough')))).rejects.toThrow('enough');
    });
  });

  await closed;
});

test('an IPv6 address is connected to and named as such', async () => {
  const server = await startRawServer((_request, socket) => socket.write(WITH_LENGTH), { host: '::1' });

  expect(await readText(await open(server.url).send(POST))).toBe('čau!');
  expect(server.requests[0]).toContain(`\r\nhost: [::1]:${server.url.port}\r\n`);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the system asks a silent server whether it is still there', async () => {
  let asked = (): void => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = await startRawServer(() => asked());
  open(server.url)
    .send(POST)
    .catch(() => {});
  await isAsked;

  const remote = `0100007F:${Number(server.url.port).toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const own = sockets.map((line) => line.trim().split(/\s+/)).filter(([, , to]) => to === remote);

  // The timer that runs for it: 02 is that of keep-alive probes.
  expect(own.map(([, , , , , timer]) => timer?.slice(0, 2))).toEqual(['02']);
});
