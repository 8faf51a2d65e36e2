import { afterEach, describe, expect, test } from '@jest/globals';
import { legacyClient } from '../legacy-client.ts';
import { openSession, post } from '../mcp-client.ts';
import { modernClient } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

afterEach(killStarted);

interface Received {
  jsonrpc?: string;
  id?: unknown;
  method?: string;
}

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  test(verifies('stdio-no-newlines', 'A message of many lines reaches the child as one'), async () => {
    const { url } = await startWrapper({ flags });
    const { sessionId } = await openSession(url);
    const message = 'a\nb\r\nc\u2028d\u2029e';
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { message } } };

    for (const space of ['\t', '  ']) {
      const body = JSON.stringify(call, null, space).replaceAll('\n', '\r\n');
      const response = await post(url, body, { 'mcp-session-id': sessionId });
      expect(await response.text()).toContain(JSON.stringify(message).slice(1, -1));
    }
  });

  test(
    verifies(['stdio-valid-only', 'stdio-no-responses'], 'Only valid requests and notifications reach the child'),
    async () => {
      const { url } = await startWrapper({ flags });
      const client = await legacyClient(url);
      const bodies = ['{}', '[]', 'null', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"x"}', '{"a":'];

      for (const body of bodies) await post(url, body, { 'mcp-session-id': client.sessionId });
      await client.respond('from-server', {});
      await client.respond(1, {});
      const received: Received[] = JSON.parse(await client.text('received'));

      for (const message of received) expect(message).toMatchObject({ jsonrpc: '2.0', method: expect.any(String) });
    },
  );

  test(verifies('stdio-stderr-free', 'What the child writes to stderr is not taken for failure'), async () => {
    const wrapper = await startWrapper({ flags });
    const client = await legacyClient(wrapper.url);

    expect(await client.text('noise')).toBe('done');
    expect(await client.text('echo', { message: 'on' })).toBe('on');
    expect(wrapper.lines.some((line) => line.includes('"Child exited"'))).toBe(false);
  });
});

test(verifies('stdio-probe', 'A modern child is found, and never sees initialize'), async () => {
  const { url } = await startWrapper({ flags: ['--modern'] });

  const received: Received[] = JSON.parse(await modernClient(url).text('received'));

  expect(received.map(({ method }) => method)).not.toContain('initialize');
});

const PROBE = ['server/discover', 'ping'];

test.each([
  ['answers it with an error', []],
  ['exits', ['--exit-on-probe']],
  ['says nothing', ['--silent-on-probe']],
])(
  verifies('stdio-probe-fallback', 'A child that on a probe %s is legacy, and sees initialize next'),
  async (_name, flags) => {
    const { url } = await startWrapper({ flags });
    const client = await legacyClient(url);

    const received: Received[] = JSON.parse(await client.text('received'));

    const greeting = received.map(({ method }) => method).filter((method) => !PROBE.includes(String(method)));
    expect(greeting.slice(0, 2)).toEqual(['initialize', 'notifications/initialized']);
  },
);

test(verifies('stdio-probe-fallback', 'A child that is slow to say anything is not started once more'), async () => {
  const { url } = await startWrapper({ flags: ['--silent-on-probe', '--no-ping'] });
  const client = await legacyClient(url);

  const received: Received[] = JSON.parse(await client.text('received'));

  expect(received.slice(0, 3).map(({ method }) => method)).toEqual([...PROBE, 'initialize']);
});
