import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LegacyClient, legacyClient } from '../legacy-client.ts';
import { type Message, post, readAnswer } from '../mcp-client.ts';
import type { OpenStream } from '../modern-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper, type WrapperProcess } from '../wrapper-process.ts';

const FORM = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object' } } };
const ACCEPTED = { action: 'accept', content: { name: 'Ada' } };
const TOOLS = 'notifications/tools/list_changed';
const PROMPTS = 'notifications/prompts/list_changed';

describe.each([
  ['legacy', []],
  ['modern', ['--modern']],
])('with a %s child', (_era, flags) => {
  let wrapper: WrapperProcess;

  beforeAll(async () => {
    wrapper = await startWrapper({ flags });
  });

  afterAll(killStarted);

  const connect = (capabilities: object = {}): Promise<LegacyClient> => legacyClient(wrapper.url, { capabilities });

  test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    verifies(['legacy-initialize-version', 'version-both-eras'], 'A session of %s opens and is served'),
    async (version) => {
      const client = await legacyClient(wrapper.url, { version });

      expect(client.opened).toMatchObject({ serverInfo: { name: 'fixture' }, capabilities: { tools: {} } });
      expect(await client.text('echo', { message: 'hi' })).toBe('hi');
    },
  );

  test(
    verifies(['legacy-session-id', 'legacy-session-id-random'], 'Session ids are long, visible and never the same'),
    async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => connect()));

      const ids = clients.map(({ sessionId }) => sessionId);
      expect(new Set(ids).size).toBe(20);
      for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{20,}$/);
    },
  );

  test(verifies('legacy-session-404', 'A session that was deleted is not found'), async () => {
    const client = await connect();

    await client.end();

    expect((await client.request('tools/list')).status).toBe(404);
  });

  test('A subscription of the newer revision is no method here', async () => {
    const client = await connect();

    const { status, last } = await client.request('subscriptions/listen', {
      notifications: { toolsListChanged: true },
    });

    expect([status, last.error?.code]).toEqual([200, -32601]);
  });

  test(verifies('legacy-ping', 'ping is answered with an empty result'), async () => {
    const client = await connect();

    expect((await client.request('ping')).last.result).toEqual({});
  });

  test(
    verifies(
      'legacy-requests-relate',
      'A request of the child comes on the stream of its call, and its answer goes back',
    ),
    async () => {
      const [client, other] = await Promise.all([connect({ elicitation: {} }), connect({ elicitation: {} })]);
      const otherStream = await other.listen();

      const call = await client.open('tools/call', { name: 'need', arguments: { requests: { form: FORM } } });
      const { value: asked } = await call.next();
      const accepted = await client.respond(asked?.id, ACCEPTED);
      const { value: done } = await call.next();

      expect(asked).toMatchObject(FORM);
      expect(accepted.status).toBe(202);
      expect(JSON.parse(done?.result.content[0].text).form).toMatchObject(ACCEPTED);
      await other.request('tools/call', { name: 'notify', arguments: { method: TOOLS } });
      expect((await otherStream.next()).value?.method).toBe(TOOLS);
      otherStream.close();
    },
  );

  test(verifies('legacy-capabilities', 'A client is not asked for what it did not declare'), async () => {
    const client = await connect({});

    const { messages } = await client.request('tools/call', { name: 'need', arguments: { requests: { form: FORM } } });

    expect(messages.filter(({ method }) => method !== undefined)).toEqual([]);
  });

  test(verifies('legacy-requests-relate', 'A client cannot answer the question that another was asked'), async () => {
    const [client, thief] = await Promise.all([connect({ elicitation: {} }), connect({ elicitation: {} })]);
    const call = await client.open('tools/call', { name: 'need', arguments: { requests: { form: FORM } } });
    const { value: asked } = await call.next();

    await thief.respond(asked?.id, { action: 'accept', content: { name: 'Eve' } });
    await client.respond(asked?.id, ACCEPTED);
    const { value: done } = await call.next();

    expect(JSON.parse(done?.result.content[0].text).form).toMatchObject(ACCEPTED);
  });

  test(verifies('legacy-one-stream', 'A question never reaches a client with another call open'), async () => {
    const [client, other] = await Promise.all([connect({ elicitation: {} }), connect({ elicitation: {} })]);
    const helper = await connect();
    const waiting = other.request('tools/call', { name: 'gate' }, 'other');
    while (!(await helper.text('received')).includes('"gate"'));

    const asking = answerAll(
      client,
      client.open('tools/call', { name: 'need', arguments: { requests: { form: FORM } } }),
    );
    await helper.text('open');

    expect((await waiting).messages.map(({ id }) => id)).toEqual(['other']);
    expect((await asking)?.result.content[0].text).toContain('Ada');
  });

  test(verifies('legacy-one-stream', 'A question of a call that was cancelled reaches no other client'), async () => {
    const { url } = await startWrapper({ flags });
    const open = (): Promise<LegacyClient> => legacyClient(url, { capabilities: { elicitation: {} } });
    const [client, other, helper] = await Promise.all([open(), open(), open()]);
    const has = async (name: string): Promise<boolean> => (await helper.text('received')).includes(name);
    const waiting = other.request('tools/call', { name: 'gate' }, 'other');
    while (!(await has('"gate"')));
    const asking = client.request('tools/call', { name: 'need', arguments: { requests: { form: FORM } } }, 'asking');
    while (!(await has('"need"')));

    await client.notify('notifications/cancelled', { requestId: 'asking' });
    await asking;
    await helper.text('open');

    expect((await waiting).messages.map(({ id }) => id)).toEqual(['other']);
  });

  test(verifies('legacy-requests-relate', 'Questions of two calls of one client are both answered'), async () => {
    const client = await connect({ elicitation: {} });
    const params = { name: 'need', arguments: { requests: { form: FORM } } };

    const results = await Promise.all([1, 2].map((id) => answerAll(client, client.open('tools/call', params, id))));

    for (const result of results) expect(result?.result.content[0].text).toContain('Ada');
  });

  test(verifies('legacy-requests-relate', 'A question outlives a newer call of its client'), async () => {
    const [client, helper] = await Promise.all([connect({ elicitation: {} }), connect()]);
    const gates = (await helper.text('received')).split('"gate"').length;
    const args = { requests: { first: FORM }, later: { second: FORM } };
    const call = await client.open('tools/call', { name: 'need', arguments: args }, 'asks');
    const first = (await call.next()).value;
    const newer = client.open('tools/call', { name: 'gate' }, 'newer');
    while ((await helper.text('received')).split('"gate"').length === gates);

    await client.respond(first?.id, ACCEPTED);
    const open = (): Promise<string> => helper.text('open');
    const [asks, opened] = await Promise.all([answerAll(client, call, open), answerAll(client, newer, open)]);

    expect(opened?.result.content[0].text).toBe('opened');
    expect(Object.values(JSON.parse(asks?.result.content[0].text))).toMatchObject([ACCEPTED, ACCEPTED]);
  });

  test(verifies('legacy-one-stream', 'A change goes to one stream of each session'), async () => {
    const client = await connect();
    const first = await client.listen();
    const second = await client.listen().catch(() => undefined);

    for (const method of [TOOLS, PROMPTS]) {
      await client.request('tools/call', { name: 'notify', arguments: { method } });
    }

    const streams = second ? [second, first] : [first];
    expect(await collect(streams, 2)).toEqual([TOOLS, PROMPTS]);
    for (const stream of streams) stream.close();
  });

  test(verifies('legacy-get-no-response', 'No response of a call comes on the GET stream'), async () => {
    const client = await connect();
    const stream = await client.listen();

    await client.text('echo', { message: 'hi' });
    await client.request('tools/call', { name: 'notify', arguments: { method: TOOLS } });

    expect((await stream.next()).value).toMatchObject({ method: TOOLS });
    stream.close();
  });

  test(verifies('legacy-disconnect-no-cancel', 'A lost connection does not cancel the call'), async () => {
    const [client, other] = await Promise.all([connect(), connect()]);
    const drop = client.begin('tools/call', { name: 'gate' });
    while (!(await other.text('received')).includes('"gate"'));

    await drop();
    await other.text('open');

    expect(await other.text('received')).not.toContain('notifications/cancelled');
  });

  test(verifies('http-one-endpoint', 'Another path is not found'), async () => {
    const answer = await readAnswer(await post(`${wrapper.origin}/other`, { jsonrpc: '2.0', id: 1, method: 'ping' }));

    expect(answer).toMatchObject({ status: 404, last: { jsonrpc: '2.0' } });
  });
});

/** Answers what is asked on a stream, after `before`. @returns the response of the call */
async function answerAll(
  client: LegacyClient,
  opening: OpenStream | Promise<OpenStream>,
  before?: () => Promise<unknown>,
): Promise<Message | undefined> {
  const stream = await opening;
  for (let next = await stream.next(); !next.done; next = await stream.next()) {
    if (next.value.method === undefined) return next.value;
    await before?.();
    await client.respond(next.value.id, ACCEPTED);
  }
  return undefined;
}

/** The methods of the first messages on any of these streams, in the order in which they come. */
function collect(streams: OpenStream[], count: number): Promise<unknown[]> {
  const methods: unknown[] = [];
  return new Promise((resolve, reject) => {
    const read = async (stream: OpenStream): Promise<void> => {
      for (let next = await stream.next(); !next.done; next = await stream.next()) {
        methods.push(next.value.method);
        if (methods.length === count) resolve(methods);
      }
    };
    for (const stream of streams) read(stream).catch(reject);
  });
}
