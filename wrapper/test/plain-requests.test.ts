import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePlainHead } from '../src/http/plain-request.ts';
import { PLAIN_BODY_WAIT_MS } from '../src/limits.ts';
import { openSession } from './mcp-client.ts';
import { modernClient } from './modern-client.ts';
import { openConnection, type RawConnection, type RawReply } from './raw-connection.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const HEALTH = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';

const HEADS: [description: string, lines: string[]][] = [
  ['two lengths', ['content-length: 2', 'content-length: 2']],
  ['two lengths in one', ['content-length: 2, 2']],
  ['no length', []],
  ['a signed length', ['content-length: +2']],
  ['a length in hexadecimal', ['content-length: 0x2']],
  ['a length with a leading zero', ['content-length: 02']],
  ['a length of ten digits', ['content-length: 1000000000']],
  ['a length and chunks', ['content-length: 2', 'transfer-encoding: chunked']],
  ['another coding', ['content-length: 2', 'transfer-encoding: identity']],
  ['a coding behind a tab', ['content-length: 2', 'transfer-encoding:\tchunked']],
  ['a trailer', ['content-length: 2', 'trailer: x-y']],
  ['an expectation', ['content-length: 2', 'expect: 100-continue']],
  ['an upgrade', ['content-length: 2', 'upgrade: websocket', 'connection: upgrade']],
  ['a connection that is to end', ['content-length: 2', 'connection: close']],
  ['a proxy connection that is to end', ['content-length: 2', 'proxy-connection: close']],
  ['a header hidden by the connection', ['content-length: 2', 'connection: keep-alive, authorization']],
  ['two hosts', ['content-length: 2', 'host: b']],
  ['the same header in two cases', ['content-length: 2', 'X-A: 1', 'x-a: 2']],
  ['a folded line', ['content-length: 2', 'x-a: 1', ' 2']],
  ['a space before the colon', ['content-length : 2']],
  ['a space before the name', [' content-length: 2']],
  ['a line without colon', ['content-length: 2', 'x']],
  ['a header without name', ['content-length: 2', ': x']],
  ['a name with an underscore', ['content-length: 2', 'mcp_session_id: x']],
  ['a prototype', ['content-length: 2', '__proto__: x']],
  ['a lone line feed', ['content-length: 2', 'x-a: 1\nx-b: 2']],
  ['a lone carriage return', ['content-length: 2', 'x-a: 1\rx-b: 2']],
  ['a zero byte', ['content-length: 2', 'x-a: \0']],
  ['a byte beyond ASCII', ['content-length: 2', 'x-a: \xe9']],
];

describe('A head is plain', () => {
  const head = (...lines: string[]): string =>
    ['POST /mcp HTTP/1.1', 'host: a', ...lines].map((line) => `${line}\r\n`).join('');

  test('with each header once and a length', () => {
    const parsed = parsePlainHead(head('Content-Length: 12', 'Accept:  a, b \t', 'connection: Keep-Alive', 'x-y:'), 10);

    expect(parsed).toEqual({
      headers: { host: 'a', 'content-length': '12', accept: 'a, b', connection: 'Keep-Alive', 'x-y': '' },
      rawHeaders: ['host', 'a', 'Content-Length', '12', 'Accept', 'a, b', 'connection', 'Keep-Alive', 'x-y', ''],
      contentLength: 12,
    });
  });

  test.each(HEADS)('not with %s', (_description, lines) => {
    expect(parsePlainHead(head(...lines), 10)).toBeUndefined();
  });

  test.each([
    'GET /mcp HTTP/1.1',
    'POST /mcp HTTP/1.0',
    'POST /mcp?a=b HTTP/1.1',
    'POST  /mcp HTTP/1.1',
    'POST http://a/mcp HTTP/1.1',
  ])('not with %s', (line) => {
    expect(parsePlainHead(`${line}\r\nhost: a\r\ncontent-length: 2\r\n`, 10)).toBeUndefined();
  });

  test('not without a host, nor with too many headers', () => {
    expect(parsePlainHead('POST /mcp HTTP/1.1\r\ncontent-length: 2\r\n', 10)).toBeUndefined();
    expect(parsePlainHead(head('content-length: 2'), 1)).toBeUndefined();
  });
});

describe('A connection', () => {
  let wrapper: WrapperProcess;

  beforeAll(async () => {
    wrapper = await startWrapper({ args: ['--body-bytes-max', '4000'] });
  });

  afterAll(killStarted);

  const post = (body: string, headers: string[] = []): string =>
    [
      'POST /mcp HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      ...headers,
      '',
      body,
    ].join('\r\n');

  /** The same bytes twice: as they are, and on a connection that `node:http` has got already. */
  async function bothWays(bytes: string): Promise<(RawReply | undefined)[]> {
    const replies: (RawReply | undefined)[] = [];
    for (const before of ['', HEALTH]) {
      const { send, reply, socket } = await openConnection(wrapper.origin);
      if (before) {
        await send(before);
        await reply();
      }
      // What follows a request that was taken shows where that ended.
      await send(Buffer.from(bytes + HEALTH, 'latin1'));
      replies.push(await reply(), await reply());
      socket.destroy();
    }
    return replies;
  }

  const seen = (reply: RawReply | undefined): unknown => {
    if (!reply) return undefined;
    const { date: _date, 'x-request-id': _id, 'keep-alive': _keepAlive, connection, ...headers } = reply.headers;
    const body = reply.body.startsWith('{"status"') ? 'health' : reply.body;
    if (body === 'health') delete headers['content-length'];
    return { status: reply.status, headers, body, isLast: connection === 'close' };
  };

  const call = (name: string, args: object, more: object = {}): string =>
    JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args, ...more } });

  test.each<[description: string, status: number, bytes: string]>([
    ['a list', 200, post(LIST)],
    ['a batch', 200, post(`[${LIST},${LIST.replace('1', '2')}]`)],
    ['a notification', 202, post('{"jsonrpc":"2.0","method":"notifications/initialized"}')],
    ['letters beyond ASCII', 200, Buffer.from(post(call('echo', { message: 'žluťoučký 🐴' }))).toString('latin1')],
    ['progress, in a stream', 200, post(call('progress', {}, { _meta: { progressToken: 'p' } }))],
    ['what is no JSON', 400, post('{')],
    ['nothing', 400, post('')],
    ['a body that is too large', 413, post(' '.repeat(4001))],
    ['a body of another type', 415, post(LIST).replace('application/json', 'text/plain')],
    ['a wish for HTML', 406, post(LIST, ['accept: text/html'])],
    ['a session that is none', 404, post(LIST, ['mcp-session-id: none'])],
    ['an origin', 403, post(LIST, ['origin: https://evil.example'])],
    ['an own request id', 200, post(LIST, ['x-request-id: mine'])],
  ])('answers %s as node:http does', async (_description, status, bytes) => {
    const [own, ownNext, byNode, byNodeNext] = await bothWays(bytes);

    expect([own?.status, own?.isByNode, byNode?.isByNode]).toEqual([status, false, true]);
    expect(seen(own)).toEqual(seen(byNode));
    expect(seen(ownNext)).toEqual(seen(byNodeNext));
    expect(Date.parse(own?.headers.date ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(own?.headers.connection).toBe(byNode?.headers.connection);
  });

  test('answers whatever bytes as node:http does', async () => {
    const plain = post(LIST, ['accept: application/json', 'x-a: b']);
    const pieces = ['\r\n', '\n', '\r', ':', ' ', '\t', '\0', ',', '0', '\xe9', 'content-length: 3\r\n', 'host: b\r\n'];
    const edit = fc.record({
      at: fc.nat(plain.length - LIST.length),
      remove: fc.nat(3),
      insert: fc.constantFrom(
        '',
        ...pieces,
        'transfer-encoding: chunked\r\n',
        'x: \r\n y\r\n',
        'connection: close\r\n',
      ),
    });

    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        const bytes = edits.reduce(
          (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
          plain,
        );
        const [own, ownNext, byNode, byNodeNext] = await bothWays(bytes);
        // node:http drops the answer before bytes that are no request, if both came together.
        const isDropped = !byNodeNext && byNode?.body === ownNext?.body;
        expect(isDropped ? [ownNext] : [own, ownNext].map(seen)).toEqual(
          isDropped ? [expect.objectContaining({ status: 400 })] : [byNode, byNodeNext].map(seen),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('takes requests that come together one after the other, also from node:http on', async () => {
    const { send, reply, socket } = await openConnection(wrapper.origin);
    const ids = [1, 2, 3, 4].map((id) => post(LIST.replace('1', String(id))));

    await send(ids.slice(0, 3).join('') + HEALTH + ids[3]);
    const replies = [await reply(), await reply(), await reply(), await reply(), await reply()];

    socket.destroy();
    expect(replies.map((one) => one?.isByNode)).toEqual([false, false, false, true, true]);
    expect(replies.map((one) => JSON.parse(one?.body ?? '{}').id)).toEqual([1, 2, 3, undefined, 4]);
  });

  const bytes = post(LIST);
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;

  /** Sends the second piece of a request some time after the first, behind another request. @returns its reply */
  async function sendInPieces(cut: number, pauseMs: number): Promise<RawReply | undefined> {
    const { send, reply, socket } = await openConnection(wrapper.origin);
    await send(post(LIST));
    await reply();
    await send(bytes.slice(0, cut));
    await sleep(pauseMs);
    await send(bytes.slice(cut) + HEALTH);
    const answered = await reply();
    const next = await reply();
    socket.destroy();
    expect([answered?.status, JSON.parse(answered?.body ?? '{}').id, next?.status]).toEqual([200, 1, 200]);
    return answered;
  }

  test.each([
    ['in its first letter', 1],
    ['in the head', 20],
    ['before the end of the head', headEnd - 1],
  ])('takes a request that is cut %s, and leaves it to node:http', async (_where, cut) => {
    let pauseMs = 50;
    // As long as the pieces come together, the pause was too short for the machine.
    while (!(await sendInPieces(cut, pauseMs))?.isByNode) pauseMs *= 2;
  });

  test.each([
    ['after the head', headEnd],
    ['before its last letter', bytes.length - 1],
  ])('takes a request that is cut %s by itself', async (_where, cut) => {
    let pauseMs = PLAIN_BODY_WAIT_MS / 2;
    // As long as the second piece comes too late, the pause was too long.
    while ((await sendInPieces(cut, pauseMs))?.isByNode) pauseMs /= 2;
  });

  test('whose body is late goes to node:http, and the body is not lost', async () => {
    let pauseMs = PLAIN_BODY_WAIT_MS * 1.2;
    while (!(await sendInPieces(bytes.length - 10, pauseMs))?.isByNode) pauseMs *= 2;
  });

  test('whose body is large goes to node:http', async () => {
    const { send, reply, socket } = await openConnection(wrapper.origin);

    await send(post('x'.repeat(200_000)));

    expect(await reply()).toMatchObject({ status: 413, isByNode: true });
    socket.destroy();
  });

  test('that brings no HTTP after a plain request ends with a refusal', async () => {
    const { send, reply, ended } = await openConnection(wrapper.origin);
    await send(post(LIST));
    await reply();

    await send('\x16\x03\x01\x02\0');

    expect(await reply()).toMatchObject({ status: 400, headers: { connection: 'close' } });
    await ended;
  });

  test('that is closed takes its modern call with it, also with a request behind it', async () => {
    const client = modernClient(wrapper.url);
    const version = '2026-07-28';
    const meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const headers = [`mcp-protocol-version: ${version}`, 'mcp-method: tools/call', 'mcp-name: hang'];
    const { send, socket } = await openConnection(wrapper.origin);
    const before = count(await client.text('received'), 'notifications/cancelled');

    await send(post(call('hang', {}, { _meta: meta }), headers) + post(LIST));
    while (!(await client.text('received')).includes('"hang"'));
    socket.destroy();

    while (count(await client.text('received'), 'notifications/cancelled') === before);
  });

  test('whose half is closed gets nothing more, as from node:http', async () => {
    const { send, reply, socket } = await openConnection(wrapper.origin);
    await send(post(call('hang', {})));

    socket.end();

    expect(await reply()).toBeUndefined();
  });
});

describe('A wrapper that ends', () => {
  afterAll(killStarted);

  test('answers what is in hand and closes every connection', async () => {
    const wrapper = await startWrapper();
    const [idle, busy] = [await openConnection(wrapper.origin), await openConnection(wrapper.origin)];
    const gate = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gate"}}';
    const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    await idle.send(`${head}content-length: ${LIST.length}\r\n\r\n${LIST}`);
    await idle.reply();
    const client = await openSession(wrapper.url);
    const server = Number(await client.call('pid'));
    await busy.send(`${head}content-length: ${gate.length}\r\n\r\n${gate}`);
    while (!(await client.call('received')).includes('"gate"'));

    wrapper.kill('SIGTERM');
    await wrapper.logged('Draining');
    process.kill(server, 'SIGUSR2');

    const answer = await busy.reply();
    expect(answer).toMatchObject({ status: 200, isByNode: false });
    await Promise.all([idle.ended, busy.ended]);
    expect(await wrapper.exited).toBe(0);
  });

  test.each([
    ['a plain connection', ''],
    ['one of node:http', HEALTH],
  ])('says on %s that its answers are the last ones', async (_what, before) => {
    const wrapper = await startWrapper();
    const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const post = (body: string): string => `${head}content-length: ${body.length}\r\n\r\n${body}`;
    const open = async (): Promise<RawConnection> => {
      const connection = await openConnection(wrapper.origin);
      await connection.send(before || post(LIST));
      expect(await connection.reply()).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
      return connection;
    };
    const [busy, late] = [await open(), await open()];
    const client = await openSession(wrapper.url);
    const server = Number(await client.call('pid'));
    await busy.send(post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gate"}}'));
    while (!(await client.call('received')).includes('"gate"'));

    wrapper.kill('SIGTERM');
    await wrapper.logged('Draining');
    await late.send(post(LIST));
    const refused = await late.reply();
    await late.ended;
    process.kill(server, 'SIGUSR2');
    const answered = await busy.reply();
    await busy.ended;

    const isByNode = before !== '';
    expect(refused).toMatchObject({ status: 503, isByNode, headers: { connection: 'close', 'retry-after': '1' } });
    expect(answered).toMatchObject({ status: 200, isByNode, headers: { connection: 'close' } });
    for (const reply of [refused, answered]) expect(reply?.headers).not.toHaveProperty('keep-alive');
  });
});

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
