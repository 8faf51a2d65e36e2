import { afterEach, expect, test } from '@jest/globals';
import { exactDigits, parseExactly } from '../src/protocol/exact-json.ts';
import { openSession, post } from './mcp-client.ts';
import { CAPABILITIES_KEY, modernClient, VERSION_KEY } from './modern-client.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

const META = { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} };

afterEach(killStarted);

test.each([
  '{"n":9007199254740993}',
  '[-123456789012345678901234567890,1]',
  '{"a":{"id":[ 18446744073709551615 ]}}',
  '[-9007199254740993]',
])('%s is written as it was read', (text) => {
  expect(JSON.stringify(parseExactly(text))).toBe(text.replaceAll(' ', ''));
});

test('What a double holds stays a number, and digits in a text stay a text', () => {
  const text = '{"a":9007199254740991,"b":1234567890123456.5,"c":1e300,"d":":9007199254740993","e":[true,null]}';

  expect(parseExactly(text)).toEqual(JSON.parse(text));
});

test('What is no JSON is refused, and nesting without end read', () => {
  const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`;

  expect(() => parseExactly('{"n":9007199254740993')).toThrow(SyntaxError);
  expect(parseExactly(deep)).toHaveLength(1);
});

test('Only such integers have exact digits', () => {
  const [exact] = parseExactly('[9007199254740993]') as unknown[];

  expect(exactDigits(exact)).toBe('9007199254740993');
  for (const value of [1, '1', null, [], { rawJSON: '1' }]) expect(exactDigits(value)).toBeUndefined();
});

test('Integers beyond 2^53 pass through the wrapper both ways with all of their digits', async () => {
  const { url } = await startWrapper();
  const { sessionId } = await openSession(url);
  const argument = '{"id":9007199254740993,"list":[-18446744073709551615]}';
  const params = `{"name":"lastLine","arguments":${argument}}`;

  const answer = await post(url, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`, {
    'mcp-session-id': sessionId,
  });
  const text = await answer.text();

  expect(JSON.parse(text).result.content[0].text).toContain(`"arguments":${argument}`);
  expect(text).toContain('"structuredContent":{"n":9007199254740993}');
});

test.each([
  ['9007199254740993', 200],
  ['9007199254740992', 400],
])('A header that mirrors such an integer is compared by all of its digits: %s', async (header, status) => {
  const { url } = await startWrapper();
  await modernClient(url).request('tools/list');
  const params = `{"name":"mirror","arguments":{"count":9007199254740993},"_meta":${JSON.stringify(META)}}`;

  const answer = await post(url, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`, {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'mirror',
    'mcp-param-count': header,
  });

  expect(answer.status).toBe(status);
});

test('Such an integer is no object where one is asked for', async () => {
  const { url } = await startWrapper();
  const { sessionId } = await openSession(url);

  const answer = await post(url, '{"jsonrpc":"2.0","id":1,"method":"ping","params":9007199254740993}', {
    'mcp-session-id': sessionId,
  });
  await killStarted();

  expect(await answer.json()).toMatchObject({
    error: { code: -32600, message: expect.stringContaining('params') },
  });
});
