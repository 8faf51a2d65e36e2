import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/auth/fixed-credentials.ts';
import { runBridge } from '../src/bridge/run-bridge.ts';
import { dribble } from './http/raw-server.ts';

/** What a remote does to the first request of each method, before it is well again. */
interface Fault {
  do: (res: ServerResponse, answer: object) => void;
  /** What comes of a tool call, which may not be sent twice once the server may have it. Lists always succeed. */
  call: 'succeeds' | 'fails';
}

type Era = 'legacy' | 'modern';

const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS_TYPE = { 'content-type': 'text/event-stream' };

const FAULTS: Record<string, Fault> = {
  'resets the connection after the request': { do: (res) => res.socket?.resetAndDestroy(), call: 'fails' },
  'closes the connection after the request': { do: (res) => res.socket?.end(), call: 'fails' },
  'breaks off in the head': { do: (res) => res.socket?.end('HTTP/1.1 200 OK\r\nContent-Ty'), call: 'fails' },
  'does not speak HTTP': { do: (res) => res.socket?.write('220 smtp.example ready\r\n\r\n'), call: 'fails' },
  'breaks off in a JSON body': {
    do: (res, answer) => {
      const text = JSON.stringify(answer);
      res.writeHead(200, { ...JSON_TYPE, 'content-length': text.length }).write(text.slice(0, 20), () => {
        res.socket?.resetAndDestroy();
      });
    },
    call: 'fails',
  },
  'breaks off in an event': {
    do: (res, answer) => {
      res.writeHead(200, EVENTS_TYPE).write(`data: ${JSON.stringify(answer).slice(0, 20)}`, () => {
        res.socket?.resetAndDestroy();
      });
    },
    call: 'fails',
  },
  'ends a stream without the answer': {
    do: (res) => res.writeHead(200, EVENTS_TYPE).end(': nothing\n\n'),
    call: 'fails',
  },
  'answers with a web page': {
    do: (res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'),
    call: 'fails',
  },
  'is behind a proxy that answers 502 with a web page': {
    do: (res) => res.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>'),
    call: 'fails',
  },
  'is behind a proxy that answers 504': { do: (res) => res.writeHead(504).end(), call: 'fails' },
  'answers 500': { do: (res) => res.writeHead(500).end('oops'), call: 'fails' },
  'answers 503 with Retry-After': {
    do: (res) => res.writeHead(503, { 'retry-after': '0' }).end(),
    call: 'succeeds',
  },
  'answers 429 with Retry-After': {
    do: (res) => res.writeHead(429, { 'retry-after': '0' }).end(),
    call: 'succeeds',
  },
  'answers 404': { do: (res) => res.writeHead(404).end(), call: 'succeeds' },
  'answers in another content type': {
    do: (res, answer) => res.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(answer)),
    call: 'fails',
  },
  'answers with what is no JSON': { do: (res) => res.writeHead(200, JSON_TYPE).end('{"jsonrpc":'), call: 'fails' },
  'answers with nothing': { do: (res) => res.writeHead(200, JSON_TYPE).end(), call: 'fails' },
  'accepts a request as if it were a notification': { do: (res) => res.writeHead(202).end(), call: 'fails' },
  'answers with another id': {
    do: (res, answer) => res.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...answer, id: 987_654 })),
    call: 'fails',
  },
  'sends an event that is no JSON': { do: (res) => res.writeHead(200, EVENTS_TYPE).end('data: {\n\n'), call: 'fails' },
  'says that more comes than anybody could take': {
    do: (res) => res.writeHead(200, { ...JSON_TYPE, 'content-length': 1e12 }).write('{'),
    call: 'fails',
  },
  'answers twice': {
    do: (res, answer) => {
      const event = `data: ${JSON.stringify(answer)}\n\n`;
      res.writeHead(200, EVENTS_TYPE).end(event + event);
    },
    call: 'succeeds',
  },
  'answers in a batch, with an answer nobody asked for': {
    do: (res, answer) => res.writeHead(200, JSON_TYPE).end(JSON.stringify([{ ...answer, id: 987_654 }, 7, answer])),
    call: 'succeeds',
  },
  'answers byte by byte': {
    do: (res, answer) => {
      const text = JSON.stringify(answer);
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close`;
      if (res.socket) void dribble(res.socket, `${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    },
    call: 'succeeds',
  },
  'sends an event byte by byte': {
    do: (res, answer) => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close';
      if (res.socket) void dribble(res.socket, `${head}\r\n\r\nid: 1\r\ndata: ${JSON.stringify(answer)}\r\n\r\n`);
    },
    call: 'succeeds',
  },
  'compresses without being asked': {
    do: (res, answer) =>
      res.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(answer))),
    call: 'succeeds',
  },
  'compresses, and breaks off': {
    do: (res, answer) =>
      res
        .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
        .end(gzipSync(JSON.stringify(answer)).subarray(0, 30)),
    call: 'fails',
  },
};

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function startFaulty(fault: Fault, era: Era): Promise<string> {
  const failed = new Set<unknown>();
  const server = createServer((req, res) => {
    void readBody(req).then((text) => {
      const { id, method } = text === '' ? {} : JSON.parse(text);
      if (req.method === 'GET') return res.writeHead(405).end();
      if (id === undefined) return res.writeHead(202).end();
      const answer = { jsonrpc: '2.0', id, result: resultOf(method) };
      const isFaulty = (method === 'tools/list' || method === 'tools/call') && !failed.has(method);
      failed.add(method);
      if (isFaulty) return fault.do(res, answer);
      const session = era === 'legacy' && method === 'initialize' ? { 'mcp-session-id': `s-${failed.size}` } : {};
      return res.writeHead(200, { ...JSON_TYPE, ...session }).end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function resultOf(method: string): object {
  const serverInfo = { name: 'faulty', version: '1' };
  const capabilities = { tools: {} };
  if (method === 'initialize') return { protocolVersion: '2025-11-25', capabilities, serverInfo };
  if (method === 'server/discover') return { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities };
  if (method === 'tools/list') return { resultType: 'complete', tools: [] };
  return { resultType: 'complete', content: [{ type: 'text', text: 'žluťoučký kůň' }] };
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const ROWS = Object.keys(FAULTS).flatMap((name) => [[name, 'legacy'] as const, [name, 'modern'] as const]);

test.each(ROWS)('a remote that %s, of the %s era: each request gets its one answer', async (name, era) => {
  const fault = FAULTS[name] as Fault;
  const input = new PassThrough();
  const output = new PassThrough();
  const credentials = fixedCredentials(undefined);
  const endpoint = new URL(await startFaulty(fault, era));
  const options = { credentials, userAgent: 'test', patienceMs: 20_000, log: () => {}, era, endpoint, name: 'faulty' };
  const ended = runBridge({ ...options, input, output });
  const answers = new Map<unknown, { result?: unknown; error?: { code: number; message: string } }[]>();
  const lines = createInterface({ input: output });
  const send = (id: string, method: string, params: object = {}): Promise<void> => {
    input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((resolve) => {
      const look = (): void => {
        if (!answers.has(id)) return;
        lines.off('line', look);
        resolve();
      };
      lines.on('line', look);
    });
  };
  lines.prependListener('line', (line) => {
    const message = JSON.parse(line);
    answers.set(message.id, [...(answers.get(message.id) ?? []), message]);
  });

  await send('init', 'initialize', { protocolVersion: '2025-11-25', capabilities: {} });
  await Promise.all([send('list', 'tools/list'), send('call', 'tools/call', { name: 'x' })]);
  await Promise.all([send('next-list', 'tools/list'), send('next-call', 'tools/call', { name: 'x' })]);
  input.end();
  await ended;

  expect([...answers.values()].map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
  const [call] = answers.get('call') ?? [];
  if (fault.call === 'succeeds') expect(call?.result).toMatchObject({ content: [{ text: 'žluťoučký kůň' }] });
  else
    expect(call?.error).toMatchObject({
      code: -32000,
      message: expect.stringMatching(/^Cannot reach faulty: .+\. .+\.$/),
    });
  for (const id of ['init', 'list', 'next-list', 'next-call']) expect(answers.get(id)?.[0]?.error).toBeUndefined();
});
