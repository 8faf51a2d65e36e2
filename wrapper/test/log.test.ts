import { afterEach, expect, test } from '@jest/globals';
import { createChildLog, createLog, type LogFormat } from '../src/measure/log.ts';
import { openSession, post } from './mcp-client.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

/** A log into an array, on a clock that the test sets. */
function startLog(format: LogFormat = 'mixed'): {
  lines: string[];
  clock: { nowMs: number };
  log: ReturnType<typeof createLog>;
  child: ReturnType<typeof createChildLog>;
} {
  const lines: string[] = [];
  const clock = { nowMs: 0 };
  const to = { writeLine: (line: string) => lines.push(line), now: () => new Date(clock.nowMs) };
  const log = createLog({ ...to, level: 'info' });
  return { lines, clock, log, child: createChildLog({ ...to, format }, log) };
}

test('lines of the server stay as they are, or become JSON', () => {
  const mixed = startLog('mixed');
  const json = startLog('json');

  for (const { child } of [mixed, json]) child('Error: API_KEY is "required"');

  expect(mixed.lines).toEqual(['Error: API_KEY is "required"']);
  expect(json.lines.map((line) => JSON.parse(line))).toEqual([
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      name: 'mcp-server',
      source: 'child',
      message: 'Error: API_KEY is "required"',
    },
  ]);
});

test('server that floods its stderr loses lines, and the log says how many', () => {
  const { lines, clock, child } = startLog();

  for (let i = 0; i < 10_000; i++) child(`line ${i}`);
  const written = lines.length;
  clock.nowMs = 10_000;
  child('last');

  expect(written).toBe(2_000);
  expect(JSON.parse(lines[2_000] ?? '')).toMatchObject({ level: 'warn', lines: 8_000 });
  expect(lines.at(-1)).toBe('last');
});

test('log of the wrapper is bounded too', () => {
  const { lines, clock, log } = startLog();

  for (let i = 0; i < 3_000; i++) log.warn('Something is wrong');
  clock.nowMs = 1_000;
  log.info('Right again');

  expect(lines).toHaveLength(2_001);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ message: 'Right again', linesDroppedBefore: 1_000 });
});

test('answers carry a request id, and the log has it, without bodies and keys', async () => {
  const { url, logged, lines } = await startWrapper({ args: ['--log-level', 'debug'] });
  const headers = { 'x-request-id': 'from-client', authorization: 'Bearer mcp_secret' };

  const named = await post(url, { jsonrpc: '2.0', id: 1, method: 'ping', params: { hidden: 'body' } }, headers);
  const unnamed = await post(`${url}?hidden=query`, 'no JSON');
  const done = await logged('Request done');
  const requestId = unnamed.headers.get('x-request-id');

  expect(named.headers.get('x-request-id')).toBe('from-client');
  expect(done).toMatchObject({ requestId: 'from-client', method: 'POST', path: '/mcp', status: 200 });
  expect(await logged('Request refused')).toMatchObject({ requestId, reason: 'parse-error', status: 400 });
  expect(lines.join()).not.toMatch(/hidden|mcp_secret/);
});

test('what the server says on stderr is a line of the log in JSON', async () => {
  const { url, lines } = await startWrapper({
    args: ['--log-format', 'json'],
    flags: ['--stderr', 'hello from the server'],
  });
  await openSession(url);

  const objects = lines.map((line) => JSON.parse(line));

  expect(objects).toContainEqual(expect.objectContaining({ source: 'child', message: 'hello from the server' }));
});
