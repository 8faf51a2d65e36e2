import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LegacyClient, legacyClient } from '../legacy-client.ts';
import { healthOf } from '../mcp-client.ts';
import { type ModernClient, modernClient } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

interface Received {
  id?: number;
  method?: string;
  params?: { name?: string; requestId?: number; reason?: string };
}

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  let url: string;
  let modern: ModernClient;
  let legacy: LegacyClient;

  beforeAll(async () => {
    url = (await startWrapper({ flags })).url;
    modern = modernClient(url);
    legacy = await legacyClient(url);
  });

  afterAll(killStarted);

  const received = async (): Promise<Received[]> => JSON.parse(await modern.text('received'));
  const callsOf = async (name: string): Promise<Received[]> =>
    (await received()).filter(({ params }) => params?.name === name);
  const cancelled = async (): Promise<Received[]> =>
    (await received()).filter(({ method }) => method === 'notifications/cancelled');

  test(
    verifies(['http-disconnect-cancels', 'stdio-cancel'], 'A modern client that goes cancels its call in the child'),
    async () => {
      const drop = modern.begin('tools/call', { name: 'hang' }, { id: 'mine' });
      while ((await callsOf('hang')).length === 0);

      await drop();

      while ((await cancelled()).length === 0);
      const [call] = await callsOf('hang');
      expect((await cancelled()).at(-1)?.params?.requestId).toBe(call?.id);
    },
  );

  test(
    verifies(
      ['cancel-late-response', 'http-silent-after-cancel'],
      'The answer to a cancelled call is dropped, others go on',
    ),
    async () => {
      const open = legacy.request('tools/call', { name: 'gate' }, 'cancelled');
      while ((await callsOf('gate')).length === 0);

      await legacy.notify('notifications/cancelled', { requestId: 'cancelled' });
      const { messages } = await open;
      await modern.text('open');

      expect(messages).toEqual([]);
      expect(await legacy.text('echo', { message: 'on' })).toBe('on');
    },
  );

  test(verifies('cancel-known-only', 'A call can be cancelled while its client is asked for input'), async () => {
    const client = await legacyClient(url, { capabilities: { elicitation: {} } });
    const form = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object' } } };
    const calls = (await callsOf('need')).length;
    const stream = await client.open('tools/call', { name: 'need', arguments: { requests: { form } } }, 'asking');
    const question = (await stream.next()).value;

    await client.notify('notifications/cancelled', { requestId: 'asking' });
    const withdrawn = (await stream.next()).value;
    const end = await stream.next();
    await client.respond(question.id, { action: 'accept', content: {} });

    expect(withdrawn).toMatchObject({ method: 'notifications/cancelled', params: { requestId: question.id } });
    expect(end.done).toBe(true);
    expect((await callsOf('need')).length).toBe(calls + 1);
  });

  test(
    verifies(['cancel-invalid-ignored', 'cancel-known-only'], 'Cancellations that mean nothing do not reach the child'),
    async () => {
      const before = (await cancelled()).length;
      await legacy.request('tools/call', { name: 'echo', arguments: { message: 'done' } }, 'finished');

      for (const params of [{ requestId: 'finished' }, { requestId: 'never' }, { requestId: {} }, {}, undefined]) {
        const { status } = await legacy.notify('notifications/cancelled', params);
        expect([202, 400]).toContain(status);
      }

      expect((await cancelled()).length).toBe(before);
    },
  );

  test(verifies('cancel-known-only', 'A client cannot cancel the call of another'), async () => {
    const other = await legacyClient(url);
    const before = { calls: (await callsOf('gate')).length, cancelled: (await cancelled()).length };
    const open = legacy.request('tools/call', { name: 'gate' }, 'same');
    while ((await callsOf('gate')).length === before.calls);

    await other.notify('notifications/cancelled', { requestId: 'same' });
    await modern.text('open');

    expect((await cancelled()).length).toBe(before.cancelled);
    expect((await open).last.result.content[0].text).toBe('opened');
  });

  test('Calls that are open in a session are cancelled when it is deleted', async () => {
    const client = await legacyClient(url);
    const before = { calls: (await callsOf('gate')).length, cancelled: (await cancelled()).length };
    const open = client.request('tools/call', { name: 'gate' }, 'open');
    while ((await callsOf('gate')).length === before.calls);

    await client.end();

    expect((await open).messages).toEqual([]);
    expect((await cancelled()).length).toBe(before.cancelled + 1);
  });

  test(verifies('progress-token', 'Progress of calls at once goes to its own call, with its own token'), async () => {
    const froms = [100, 200, 300, 400];
    const answers = await Promise.all(
      froms.map((from) => modern.call('steps', { from, count: 10 }, { meta: { progressToken: 'same' } })),
    );

    answers.forEach(({ messages }, index) => {
      const from = froms[index] ?? 0;
      const progress = messages.slice(0, -1).map(({ params }) => params);
      const expected = Array.from({ length: 10 }, (_, step) => ({ progressToken: 'same', progress: from + step }));
      expect(progress).toEqual(expected.map((params) => expect.objectContaining(params)));
      expect(messages.at(-1)?.result.content[0].text).toBe(String(from));
    });
  });

  test(
    verifies(
      ['progress-stops', 'http-response-ends-stream'],
      'Progress after the answer is dropped, and the answer is the last message',
    ),
    async () => {
      for (const client of [modern, legacy]) {
        const { messages } =
          client === modern
            ? await modern.call('lateProgress', {}, { meta: { progressToken: 1 } })
            : await legacy.request('tools/call', { name: 'lateProgress', _meta: { progressToken: 1 } });

        expect(messages.map(({ method }) => method)).toEqual([undefined]);
      }
    },
  );

  test('A client that never answers a question holds its call and session no longer than it may', async () => {
    const args = ['--input-wait-ms', '300', '--request-timeout-ms', '300', '--session-idle-ms', '300'];
    const { url, origin } = await startWrapper({ flags, args });
    const client = await legacyClient(url, { capabilities: { elicitation: {} } });
    const question = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: {} } };
    const stream = await client.open('tools/call', { name: 'need', arguments: { requests: { question } } });
    await stream.next();

    stream.close();

    for (let left = 1; left > 0; ) {
      const { sessions, requestsInFlight } = await healthOf(origin);
      left = sessions + requestsInFlight;
    }
  });

  test(verifies('timeout-cancels', 'A call that takes too long is cancelled in the child'), async () => {
    const impatient = await startWrapper({ flags, args: ['--request-timeout-ms', '3000'] });
    const client = modernClient(impatient.url);

    const { last } = await client.call('hang', {}, { id: 'slow' });

    expect(last).toMatchObject({ id: 'slow', error: { code: expect.any(Number) } });
    expect(await client.text('received')).toContain('notifications/cancelled');
  });
});
