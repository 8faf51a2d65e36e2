import { afterEach, describe, expect, test } from '@jest/globals';
import { type LegacyClient, legacyClient } from './legacy-client.ts';
import { type ModernClient, modernClient } from './modern-client.ts';
import { descendantsOf, untilGone } from './process-tree.ts';
import { killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

afterEach(killStarted);

const FIVE_MEGABYTES = 'ž'.repeat((5 * 1024 * 1024) / 2);

interface Pairing {
  wrapper: WrapperProcess;
  modern: ModernClient;
  legacy: LegacyClient;
}

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  async function start(args: string[] = []): Promise<Pairing> {
    const wrapper = await startWrapper({ flags, args });
    return { wrapper, modern: modernClient(wrapper.url), legacy: await legacyClient(wrapper.url) };
  }

  test('crash in a call: every open call of both eras has its error, the next one works in the same session', async () => {
    const { modern, legacy } = await start();
    const open = [
      legacy.request('tools/call', { name: 'hang' }, 'legacy-open'),
      modern.call('hang', {}, { id: 'modern-open' }),
    ];
    while (((await modern.text('received')).match(/"hang"/g)?.length ?? 0) < 2);

    const dying = await modern.call('die', {}, { id: 'dying' });
    const lost = await Promise.all(open);

    for (const { last } of [dying, ...lost]) expect(last.error).toMatchObject({ code: -32603 });
    expect([dying, ...lost].map(({ last }) => last.id)).toEqual(['dying', 'legacy-open', 'modern-open']);
    expect(await legacy.text('echo', { message: 'again' })).toBe('again');
    expect(await modern.text('echo', { message: 'again' })).toBe('again');
  });

  test('crash over and over: each call has an answer, and the session stays', async () => {
    const { modern, legacy } = await start();

    for (let round = 0; round < 3; round += 1) {
      expect((await modern.call('die')).last.error?.code).toBe(-32603);
      expect(await legacy.text('echo', { message: `round ${round}` })).toBe(`round ${round}`);
    }
  });

  test('hang: a child that does not answer any more is replaced', async () => {
    const { modern } = await start(['--hung-timeout-ms', '3000']);
    const child = Number(await modern.text('pid'));

    process.kill(child, 'SIGSTOP');
    const lost = await modern.call('echo', { message: 'lost' });
    const next = await modern.text('echo', { message: 'next' });

    expect(lost.last.error?.code).toBe(-32603);
    expect(next).toBe('next');
    await untilGone([child]);
  });

  test.each([1, 2, 3, 7])('output in pieces of %i bytes arrives whole and in order', async (size) => {
    const { modern, legacy } = await start();

    const params = { name: 'pieces', arguments: { size }, _meta: { progressToken: 'p' } };
    const answers = [
      await modern.call('pieces', { size }, { meta: { progressToken: 'p' } }),
      await legacy.request('tools/call', params),
    ];

    for (const { messages, last } of answers) {
      expect(messages.map(({ params }) => params?.progress)).toEqual([1, 2, undefined]);
      expect(last.result.content[0].text).toBe('žluťoučký 🐴 kůň');
    }
  });

  test.each(['garbage', 'stranger', 'nullError', 'batched', 'deepNotice', 'twice'])(
    'output %s of the child harms no call of either era',
    async (tool) => {
      const { modern, legacy } = await start();

      const answers = await Promise.all([modern.text(tool), legacy.text(tool)]);

      expect(answers).toEqual(tool === 'twice' ? ['first', 'first'] : ['done', 'done']);
      expect(await modern.text('echo', { message: 'on' })).toBe('on');
      expect(await legacy.text('echo', { message: 'on' })).toBe('on');
    },
  );

  test('5 MB go both ways while small calls go on', async () => {
    const { modern, legacy } = await start();

    const large = [modern.text('echo', { message: FIVE_MEGABYTES }), legacy.text('echo', { message: FIVE_MEGABYTES })];
    const small = Array.from({ length: 50 }, (_, i) => modern.text('echo', { message: `small ${i}` }));

    expect(await Promise.all(small)).toEqual(Array.from({ length: 50 }, (_, i) => `small ${i}`));
    for (const answer of await Promise.all(large)) expect(answer === FIVE_MEGABYTES).toBe(true);
  });

  test('progress of calls at once never crosses, whatever the tokens and the eras', async () => {
    const { modern, legacy } = await start();
    const froms = Array.from({ length: 8 }, (_, i) => i * 100);

    const answers = await Promise.all(
      froms.map((from, index) => {
        const args = { from, count: 5 };
        const meta = { progressToken: index % 3 === 0 ? 0 : 'token' };
        return index % 2 === 0
          ? modern.call('steps', args, { meta })
          : legacy.request('tools/call', { name: 'steps', arguments: args, _meta: meta }, index);
      }),
    );

    answers.forEach(({ messages }, index) => {
      const from = froms[index] ?? 0;
      const steps = messages.slice(0, -1).map(({ params }) => params?.progress);
      expect(steps).toEqual([0, 1, 2, 3, 4].map((step) => from + step));
      for (const { params } of messages.slice(0, -1)) expect(params?.progressToken).toBe(index % 3 === 0 ? 0 : 'token');
      expect(messages.at(-1)?.result.content[0].text).toBe(String(from));
    });
  });

  test('clients that go in the middle of calls leave the others undisturbed', async () => {
    const { modern, legacy } = await start();
    const drops = Array.from({ length: 10 }, (_, id) => [
      modern.begin('tools/call', { name: 'gate' }, { id }),
      legacy.begin('tools/call', { name: 'gate' }, `x${id}`),
    ]).flat();
    while (((await modern.text('received')).match(/"gate"/g)?.length ?? 0) < drops.length);
    const kept = modern.text('gate');
    while (((await modern.text('received')).match(/"gate"/g)?.length ?? 0) < drops.length + 1);

    await Promise.all(drops.map((drop) => drop()));
    await modern.text('open');

    expect(await kept).toBe('opened');
    expect(await legacy.text('echo', { message: 'on' })).toBe('on');
  });

  test('abandoned sessions, GET streams and subscriptions are all given up', async () => {
    const { wrapper, modern } = await start(['--session-idle-ms', '5000']);
    const processes = descendantsOf(wrapper.pid).length;
    const clients = await Promise.all(Array.from({ length: 20 }, () => legacyClient(wrapper.url)));
    const streams = await Promise.all([
      ...clients.slice(0, 10).map((client) => client.listen()),
      ...Array.from({ length: 10 }, (_, id) =>
        modern.open('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id }),
      ),
    ]);

    for (const stream of streams) stream.close();

    while ((await readHealth(wrapper)).sessions > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(descendantsOf(wrapper.pid).length).toBeLessThanOrEqual(processes);
    expect(await modern.text('echo', { message: 'on' })).toBe('on');
  });

  test('SIGTERM: open calls of both eras finish, new ones are told to come again, all processes end', async () => {
    const { wrapper, modern, legacy } = await start();
    const processes = descendantsOf(wrapper.pid);
    const open = [modern.text('gate'), legacy.text('gate')];
    while (((await modern.text('received')).match(/"gate"/g)?.length ?? 0) < 2);
    const pid = Number(await modern.text('pid'));

    wrapper.kill('SIGTERM');
    await wrapper.logged('Draining');
    const refused = await modern.call('echo', { message: 'new' }, { id: 'new' });
    process.kill(pid, 'SIGUSR2');

    expect(await Promise.all(open)).toEqual(['opened', 'opened']);
    expect(refused).toMatchObject({ status: 503, last: { id: 'new', error: {} } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await wrapper.exited).toBe(0);
    await untilGone(processes);
  });

  test('SIGKILL of the wrapper leaves no process behind', async () => {
    const { wrapper, modern } = await start();
    const processes = descendantsOf(wrapper.pid);
    const hanging = modern.call('hang').catch(() => undefined);
    while (!(await modern.text('received')).includes('"hang"'));

    wrapper.kill('SIGKILL');

    await hanging;
    await untilGone(processes);
    expect(await wrapper.exited).toBe('SIGKILL');
  });
});

test('server behind two shells, as npx starts it, goes with the wrapper and with SIGKILL', async () => {
  const server = new URL('./fixtures/stdio-server.js', import.meta.url).pathname;
  const command = ['sh', '-c', `sh -c '${process.execPath} ${server}; true'; true`];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const wrapper = await startWrapper({ command });
    const processes = descendantsOf(wrapper.pid);
    expect(processes.length).toBeGreaterThanOrEqual(3);

    wrapper.kill(signal);

    await wrapper.exited;
    await untilGone(processes);
  }
});

test('SIGTERM: a call whose client is asked for input by then is answered', async () => {
  const { url, kill } = await startWrapper({ flags: ['--modern'] });
  const client = await legacyClient(url, { capabilities: { roots: {} } });
  const needed = { name: 'need', arguments: { requests: { roots: { method: 'roots/list', params: {} } } } };
  const stream = await client.open('tools/call', needed, 'asking');
  await stream.next();

  kill('SIGTERM');

  expect((await stream.next()).value).toMatchObject({ id: 'asking', error: { code: -32603 } });
});

test('isolated: a session that ends takes its own server with it, and no other', async () => {
  const wrapper = await startWrapper({ args: ['--sessions', 'isolated', '--pool-size', '0'] });
  const [ended, kept] = await Promise.all([legacyClient(wrapper.url), legacyClient(wrapper.url)]);
  const grandchild = JSON.parse(await ended.text('grandchild')).pid;
  const pid = Number(await ended.text('pid'));
  const keptPid = await kept.text('pid');

  await ended.end();

  await untilGone([pid, grandchild]);
  expect(await kept.text('pid')).toBe(keptPid);
});

test('isolated: a crash is one session’s own', async () => {
  const wrapper = await startWrapper({ args: ['--sessions', 'isolated'] });
  const [crashing, other] = await Promise.all([legacyClient(wrapper.url), legacyClient(wrapper.url)]);
  const open = other.text('gate');
  while (!(await other.text('received')).includes('"gate"'));

  const crashed = await crashing.text('die');
  await other.text('open');

  expect(crashed).toContain('-32603');
  expect(await open).toBe('opened');
});

async function readHealth({ origin }: WrapperProcess): Promise<{ sessions: number }> {
  return (await (await fetch(`${origin}/health`)).json()) as { sessions: number };
}
