import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSession, post } from '../mcp-client.ts';
import { type ModernClient, type ModernRequest, modernClient } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from '../wrapper-process.ts';

const HEADER_MISMATCH = { status: 400, last: { id: 7, error: { code: -32020 } } };

let wrapper: WrapperProcess;
let client: ModernClient;

beforeAll(async () => {
  wrapper = await startWrapper();
  client = modernClient(wrapper.url, { id: 7 });
});

afterAll(killStarted);

function base64(text: string): string {
  return `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

test.each<[string, string, Record<string, unknown>, ModernRequest['headers']]>([
  [
    verifies('header-version-required', 'MCP-Protocol-Version is missing'),
    'tools/list',
    {},
    { 'mcp-protocol-version': undefined },
  ],
  [
    verifies('header-version-match', 'MCP-Protocol-Version is of another revision'),
    'tools/list',
    {},
    { 'mcp-protocol-version': '2025-06-18' },
  ],
  [verifies('header-method-required', 'Mcp-Method is missing'), 'tools/list', {}, { 'mcp-method': undefined }],
  [verifies('header-method-match', 'Mcp-Method is another method'), 'tools/list', {}, { 'mcp-method': 'prompts/list' }],
  [
    verifies('header-name-case', 'Mcp-Method differs from the method in its case'),
    'tools/list',
    {},
    { 'mcp-method': 'Tools/List' },
  ],
  [
    verifies('header-name-required', 'Mcp-Name of a call is missing'),
    'tools/call',
    { name: 'echo', arguments: {} },
    { 'mcp-name': undefined },
  ],
  [
    verifies('header-name-required', 'Mcp-Name of a resource is missing'),
    'resources/read',
    { uri: 'test://a' },
    { 'mcp-name': undefined },
  ],
  [
    verifies('header-name-match', 'Mcp-Name is another tool'),
    'tools/call',
    { name: 'echo', arguments: {} },
    { 'mcp-name': 'die' },
  ],
  [
    verifies('header-name-match', 'Mcp-Name is another resource'),
    'resources/read',
    { uri: 'test://a' },
    { 'mcp-name': 'test://b' },
  ],
  [
    verifies('header-base64', 'Mcp-Name decodes to another tool'),
    'tools/call',
    { name: 'echo', arguments: {} },
    { 'mcp-name': base64('die') },
  ],
  [
    verifies('header-base64-invalid', 'Mcp-Name has Base64 that is none'),
    'tools/call',
    { name: 'echo', arguments: {} },
    { 'mcp-name': '=?base64?!!?=' },
  ],
])('%s: refused with 400 and -32020', async (_name, method, params, headers = {}) => {
  expect(await client.request(method, params, { headers })).toMatchObject(HEADER_MISMATCH);
});

test(verifies('header-base64', 'Mcp-Name in Base64 is decoded before it is compared'), async () => {
  const plain = await client.call('echo', { message: 'hi' }, { headers: { 'mcp-name': base64('echo') } });
  const other = await client.request(
    'resources/read',
    { uri: 'test://ž' },
    { headers: { 'mcp-name': base64('test://ž') } },
  );

  expect(plain).toMatchObject({ status: 200, last: { result: { content: [{ text: 'hi' }] } } });
  expect(other.last.error?.code).toBe(-32602);
});

test.each<[string, object, ModernRequest['headers']]>([
  ['is missing', { region: 'eu' }, {}],
  ['is another value', { region: 'eu' }, { 'mcp-param-region': 'us' }],
  ['differs in case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
  ['has a value where the argument is absent', {}, { 'mcp-param-region': 'eu' }],
  ['decodes to another value', { region: 'eu' }, { 'mcp-param-region': base64('us') }],
  ['has broken Base64', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU?=' }],
  ['has a marker without end', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU=' }],
])(
  verifies(['header-param-match', 'header-base64-invalid'], 'Mcp-Param that %s is refused'),
  async (_name, args, headers = {}) => {
    expect(await client.call('mirror', args, { headers })).toMatchObject(HEADER_MISMATCH);
  },
);

test.each<[string, object, ModernRequest['headers']]>([
  ['the value', { region: 'eu' }, { 'mcp-param-region': 'eu' }],
  ['the value in Base64', { region: 'žluť' }, { 'mcp-param-region': base64('žluť') }],
  ['the literal value that only looks like Base64', { region: 'ZXU=' }, { 'mcp-param-region': 'ZXU=' }],
])(verifies('header-param-match', 'Mcp-Param that is %s is accepted'), async (_name, args, headers = {}) => {
  expect(JSON.parse(await client.text('mirror', args, { headers }))).toEqual(args);
});

test(verifies('header-param-absent', 'No Mcp-Param is expected for null or nothing'), async () => {
  expect((await client.call('mirror', {})).status).toBe(200);
  expect((await client.call('mirror', { region: null })).status).toBe(200);
});

test(verifies('header-param-unknown', 'An Mcp-Param that no tool has is ignored'), async () => {
  const headers = { 'mcp-param-other': 'x' };

  expect(await client.text('echo', { message: 'hi' }, { headers })).toBe('hi');
});

test(verifies('header-integer-compare', 'An integer is compared as a number'), async () => {
  const equal = await client.call('mirror', { count: 42 }, { headers: { 'mcp-param-count': '42.0' } });
  const other = await client.call('mirror', { count: 42 }, { headers: { 'mcp-param-count': '43' } });

  expect(equal.status).toBe(200);
  expect(other).toMatchObject(HEADER_MISMATCH);
});

test(verifies('header-name-case', 'Header names are compared without regard to case'), async () => {
  const headers = {
    'mcp-method': undefined,
    'MCP-METHOD': 'tools/call',
    'mcp-name': undefined,
    'mCP-nAME': 'mirror',
    'MCP-PARAM-REGION': 'eu',
  };

  expect((await client.call('mirror', { region: 'eu' }, { headers })).status).toBe(200);
});

test(verifies('legacy-version-400', 'A session that names an unknown version is refused with 400'), async () => {
  const { sessionId } = await openSession(wrapper.url);
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

  for (const version of ['1999-01-01', '2099-01-01', '9999-99-99', 'none']) {
    const headers = { 'mcp-session-id': sessionId, 'mcp-protocol-version': version };
    expect((await post(wrapper.url, body, headers)).status).toBe(400);
  }
});

test(verifies('legacy-version-absent', 'A session that names no version is served'), async () => {
  const { sessionId } = await openSession(wrapper.url);

  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

  expect((await post(wrapper.url, body, { 'mcp-session-id': sessionId })).status).toBe(200);
});
