import { afterEach, describe, expect, test } from '@jest/globals';
import { type ModernClient, modernClient, type OpenStream, SUBSCRIPTION_KEY } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from '../wrapper-process.ts';

afterEach(killStarted);

const TOOLS = 'notifications/tools/list_changed';
const PROMPTS = 'notifications/prompts/list_changed';
const UPDATED = 'notifications/resources/updated';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  async function start(): Promise<{ wrapper: WrapperProcess; client: ModernClient }> {
    const wrapper = await startWrapper({ flags });
    return { wrapper, client: modernClient(wrapper.url) };
  }

  test(
    verifies(
      ['listen-ack-first', 'listen-subscription-id'],
      'Acknowledgment comes first, then changes, each with the id',
    ),
    async () => {
      const { client } = await start();
      const stream = await listen(client, 'sub-1', { toolsListChanged: true });

      const acknowledged = await next(stream);
      await notify(client, TOOLS);
      const changed = await next(stream);

      const _meta = { [SUBSCRIPTION_KEY]: 'sub-1' };
      expect(acknowledged).toMatchObject({
        method: ACKNOWLEDGED,
        params: { _meta, notifications: { toolsListChanged: true } },
      });
      expect(changed).toMatchObject({ method: TOOLS, params: { _meta } });
      stream.close();
    },
  );

  test(
    verifies('listen-ack-subset', 'Acknowledgment leaves out what the filter does not ask for or nobody knows'),
    async () => {
      const { client } = await start();
      const stream = await listen(client, 1, { promptsListChanged: true, toolsListChanged: false, moonPhase: true });

      const acknowledged = await next(stream);

      expect(acknowledged?.params?.notifications).toEqual({ promptsListChanged: true });
      stream.close();
    },
  );

  test(verifies('listen-filter', 'Only what the filter asks for comes'), async () => {
    const { client } = await start();
    const stream = await listen(client, 1, { promptsListChanged: true });
    await next(stream);

    await notify(client, TOOLS);
    await notify(client, 'notifications/resources/list_changed');
    await notify(client, PROMPTS);

    expect((await next(stream))?.method).toBe(PROMPTS);
    stream.close();
  });

  test(verifies('listen-resource-updates', 'Updates come for the resources in the filter'), async () => {
    const { client } = await start();
    const stream = await listen(client, 1, { resourceSubscriptions: ['test://a', 'test://c'] });
    await next(stream);

    for (const uri of ['test://b', 'test://a', 'test://c']) await notify(client, UPDATED, { uri });

    expect((await next(stream))?.params).toMatchObject({ uri: 'test://a' });
    expect((await next(stream))?.params).toMatchObject({ uri: 'test://c' });
    stream.close();
  });

  test(
    verifies('listen-many', 'Subscriptions of two clients with the same id are kept apart, and end alone'),
    async () => {
      const { client } = await start();
      const [tools, prompts] = [
        await listen(client, 1, { toolsListChanged: true }),
        await listen(client, 1, { promptsListChanged: true, toolsListChanged: true }),
      ];
      await Promise.all([next(tools), next(prompts)]);

      await notify(client, PROMPTS);
      await notify(client, TOOLS);
      expect((await next(prompts))?.method).toBe(PROMPTS);
      expect((await next(prompts))?.method).toBe(TOOLS);
      expect((await next(tools))?.method).toBe(TOOLS);
      tools.close();
      await notify(client, TOOLS);

      expect((await next(prompts))?.method).toBe(TOOLS);
      prompts.close();
    },
  );

  test(verifies('listen-graceful-end', 'A subscription ends with a result when the wrapper drains'), async () => {
    const { wrapper, client } = await start();
    const stream = await listen(client, 'sub-1', { toolsListChanged: true });
    await next(stream);

    wrapper.kill('SIGTERM');

    expect(await next(stream)).toMatchObject({
      id: 'sub-1',
      result: { resultType: 'complete', _meta: { [SUBSCRIPTION_KEY]: 'sub-1' } },
    });
    expect((await stream.next()).done).toBe(true);
    expect(await wrapper.exited).toBe(0);
  });

  test(verifies('listen-restored', 'A subscription outlives the child'), async () => {
    const { wrapper, client } = await start();
    const stream = await listen(client, 1, { resourceSubscriptions: ['test://a'], toolsListChanged: true });
    await next(stream);
    await client.call('die');
    await wrapper.logged('Child ready', 2);

    await untilDelivered(client, stream);
    stream.close();
  });

  test(verifies('http-no-buffering', 'The stream tells proxies not to buffer it'), async () => {
    const { client } = await start();
    const stream = await listen(client, 1, { toolsListChanged: true });

    expect(stream.headers.get('x-accel-buffering')).toBe('no');
    stream.close();
  });

  test(verifies('http-stream-relates', 'Neither progress nor logs of other requests come on the stream'), async () => {
    const { client } = await start();
    const stream = await listen(client, 1, { toolsListChanged: true });
    await next(stream);

    await client.call('steps', { from: 1, count: 2 }, { meta: { progressToken: 1 } });
    await client.call('log', { levels: ['error'] }, { meta: { 'io.modelcontextprotocol/logLevel': 'debug' } });
    await notify(client, TOOLS);

    expect((await next(stream))?.method).toBe(TOOLS);
    stream.close();
  });
});

type Notice = { method?: string; params?: Record<string, unknown>; id?: unknown; result?: unknown };

function listen(client: ModernClient, id: unknown, notifications: object): Promise<OpenStream> {
  return client.open('subscriptions/listen', { notifications }, { id });
}

async function next(stream: OpenStream): Promise<Notice | undefined> {
  return (await stream.next()).value;
}

async function notify(client: ModernClient, method: string, params?: object): Promise<void> {
  await client.call('notify', { method, params });
}

/** The new child learns of the subscriptions a moment after it is ready. */
async function untilDelivered(client: ModernClient, stream: OpenStream): Promise<void> {
  let delivered: Notice | undefined;
  const first = next(stream).then((notice) => {
    delivered = notice;
  });
  while (!delivered) {
    await notify(client, UPDATED, { uri: 'test://a' });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await first;
  expect(delivered).toMatchObject({ method: UPDATED, params: { uri: 'test://a', _meta: { [SUBSCRIPTION_KEY]: 1 } } });
}
