import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CAPABILITIES_KEY, modernClient, VERSION_KEY } from './modern-client.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

interface Malformed {
  name: string;
  body?: string | Buffer;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  status: number;
  /** Of the JSON-RPC error; left out where HTTP alone refuses. */
  code?: number;
}

const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const PARSE = { status: 400, code: -32700 };
const INVALID = { status: 400, code: -32600 };

const BODIES: Malformed[] = [
  { name: 'nothing', body: '', ...PARSE },
  { name: 'half of an object', body: LIST.slice(0, -1), ...PARSE },
  { name: 'two objects', body: LIST + LIST, ...PARSE },
  { name: 'an object and more', body: `${LIST}]`, ...PARSE },
  { name: 'a comment', body: `/* */${LIST}`, ...PARSE },
  { name: 'single quotes', body: LIST.replaceAll('"', "'"), ...PARSE },
  { name: 'NaN', body: LIST.replace('1', 'NaN'), ...PARSE },
  { name: 'a zero byte', body: '\0', ...PARSE },
  { name: 'a control character in a string', body: LIST.replace('list', '\u0001'), ...PARSE },
  { name: 'a form', body: 'jsonrpc=2.0&id=1&method=ping', ...PARSE },
  { name: 'UTF-16', body: Buffer.from(LIST, 'utf16le'), ...PARSE },
  { name: 'broken UTF-8', body: Buffer.concat([Buffer.from(LIST.slice(0, 40)), Buffer.from([0xc3, 0x28])]), ...PARSE },
  { name: 'a string', body: '"x"', ...INVALID },
  { name: 'true', body: 'true', ...INVALID },
  { name: 'an empty object', body: '{}', ...INVALID },
  { name: 'an empty batch', body: '[]', ...INVALID },
  { name: 'a batch of numbers', body: '[1,2]', ...INVALID },
  { name: 'a numeric jsonrpc', body: LIST.replace('"2.0"', '2.0'), ...INVALID },
  { name: 'an id that is true', body: LIST.replace('1', 'true'), ...INVALID },
  { name: 'an id that is a list', body: LIST.replace('1', '[1]'), ...INVALID },
  { name: 'an id beyond all numbers', body: LIST.replace('1', '1e999'), ...INVALID },
  { name: 'a method that is null', body: LIST.replace('"tools/list"', 'null'), ...INVALID },
  { name: 'parameters that are a string', body: `${LIST.slice(0, -1)},"params":"x"}`, ...INVALID },
  { name: 'parameters that are a list', body: `${LIST.slice(0, -1)},"params":[]}`, ...INVALID },
  { name: 'result and method', body: `${LIST.slice(0, -1)},"result":{},"error":{}}`, ...INVALID },
  { name: 'a response without anything', body: '{"jsonrpc":"2.0","id":1}', ...INVALID },
  { name: 'nesting without end', body: '['.repeat(200_000), status: 400 },
];

const REQUESTS: Malformed[] = [
  { name: 'no JSON by its type', body: LIST, headers: { 'content-type': 'text/plain' }, status: 415 },
  { name: 'compressed', body: LIST, headers: { 'content-encoding': 'gzip' }, status: 415 },
  { name: 'for an answer in HTML', body: LIST, headers: { accept: 'text/html' }, status: 406 },
  { name: 'of an unknown version', body: LIST, headers: { 'mcp-protocol-version': '1.0' }, status: 400 },
  { name: 'of an unknown session', body: LIST, headers: { 'mcp-session-id': 'none' }, status: 404 },
  { name: 'by PATCH', body: LIST, method: 'PATCH', status: 405 },
  { name: 'for another path', body: LIST, path: '/mcp/x', status: 404 },
  { name: 'for a path with dots', body: LIST, path: '/mcp/../../etc/passwd', status: 404 },
  { name: 'for a path with a broken escape', body: LIST, path: '/mcp/%zz', status: 404 },
];

const META = { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} };

const MODERN: Malformed[] = [
  modern('without a name', {}),
  modern('whose _meta is a string', { name: 'echo', _meta: 'x' }),
  modern('whose _meta is a list', { name: 'echo', _meta: [] }),
  modern('whose capabilities are a string', { name: 'echo', _meta: { ...META, [CAPABILITIES_KEY]: 'all' } }),
  modern('whose version is a number', { name: 'echo', _meta: { ...META, [VERSION_KEY]: 20260728 } }),
];

function modern(description: string, params: { name?: unknown; _meta?: unknown }): Malformed {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { _meta: META, ...params } });
  const name = params.name === undefined ? {} : { 'mcp-name': String(params.name) };
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', ...name };
  return { name: `a modern call ${description}`, body, headers, status: 400 };
}

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let wrapper: WrapperProcess;
  let held: Promise<string>;

  beforeAll(async () => {
    wrapper = await startWrapper({ flags });
    held = modernClient(wrapper.url).text('gate');
    while (!(await modernClient(wrapper.url).text('received')).includes('"gate"'));
  });

  afterAll(async () => {
    agent.destroy();
    await killStarted();
  });

  test.each([...BODIES, ...REQUESTS, ...MODERN])(
    'request that is $name is refused in JSON, and its connection goes on',
    async ({ status, code, ...malformed }) => {
      const before = await send(agent, wrapper, { body: LIST });

      const refused = await send(agent, wrapper, malformed);
      const after = await send(agent, wrapper, { body: LIST });

      expect(refused.status).toBe(status);
      expect(refused.headers['content-type']).toMatch(/^application\/(problem\+)?json/);
      const answer = JSON.parse(refused.text);
      expect(answer.error?.message ?? answer.title).toEqual(expect.any(String));
      if (code) expect(answer).toMatchObject({ jsonrpc: '2.0', error: { code } });
      expect(refused.text).not.toMatch(/node_modules|at .*:\d+:\d+/);
      expect([before.status, after.status]).toEqual([200, 200]);
      expect([refused.port, after.port]).toEqual([before.port, before.port]);
    },
  );

  test('call that was open all the while has its answer', async () => {
    await modernClient(wrapper.url).text('open');

    expect(await held).toBe('opened');
  });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Our end of the connection, by which it is known again. */
  port: number | undefined;
}

/** By node:http, since fetch mends paths and opens connections as it likes. */
function send(
  agent: Agent,
  { origin }: WrapperProcess,
  { body = '', method = 'POST', path = '/mcp', headers = {} }: Partial<Malformed>,
): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
    const sent = request({ agent, hostname, port, method, path, headers: all }, async (response) => {
      const { localPort } = response.socket;
      const answer = { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
      resolve({ ...answer, port: localPort });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
