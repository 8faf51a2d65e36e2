import { afterEach, expect, test } from '@jest/globals';
import { legacyClient } from '../legacy-client.ts';
import { verifies } from '../verifies.ts';
import { killStarted, startWrapper } from '../wrapper-process.ts';

afterEach(killStarted);

const TOOLS = 'notifications/tools/list_changed';
const STEPS = { name: 'steps', arguments: { from: 100, count: 8 }, _meta: { progressToken: 'p' } };

test(verifies('legacy-prime', 'Streams begin with an event id and empty data'), async () => {
  const { url } = await startWrapper({ flags: ['--newest'] });
  const client = await legacyClient(url);

  const get = await client.events('GET');
  const post = await client.events('POST', { method: 'tools/call', params: STEPS });
  const firsts = [(await get.next()).value, (await post.next()).value];

  for (const first of firsts) expect(first).toMatchObject({ id: expect.stringMatching(/./), data: '' });
  get.close();
  post.close();
});

test(verifies('legacy-retry', 'A stream that the server closes has told when to come back'), async () => {
  const { url } = await startWrapper({ flags: ['--newest'], args: ['--stream-age-ms-max', '1000'] });
  const client = await legacyClient(url);

  const get = await client.events('GET');
  const retries: unknown[] = [];
  for (let next = await get.next(); !next.done; next = await get.next()) retries.push(next.value.retry);

  expect(retries.filter(Number).length).toBeGreaterThan(0);
});

test(verifies('legacy-event-id-unique', 'Event ids are never the same in two streams of a session'), async () => {
  const { url } = await startWrapper({ flags: ['--newest'] });
  const client = await legacyClient(url);
  const get = await client.events('GET');
  const posts = await Promise.all(
    [1, 2, 3].map((id) => client.events('POST', { id, method: 'tools/call', params: STEPS })),
  );
  await client.request('tools/call', { name: 'notify', arguments: { method: TOOLS } });

  const ids: string[] = [];
  for (let event = (await get.next()).value; event; event = (await get.next()).value) {
    if (event.id) ids.push(event.id);
    if (event.data.includes(TOOLS)) break;
  }
  for (const post of posts) {
    for (let next = await post.next(); !next.done; next = await post.next()) if (next.value.id) ids.push(next.value.id);
  }

  expect(ids.length).toBeGreaterThan(24);
  expect(new Set(ids).size).toBe(ids.length);
  get.close();
});

test(
  verifies('legacy-resume-own-stream', 'A lost stream is resumed where it was, without what belongs to another'),
  async () => {
    const { url } = await startWrapper({ flags: ['--newest'] });
    const client = await legacyClient(url);
    const post = await client.events('POST', { id: 'resumed', method: 'tools/call', params: STEPS });
    let last = '';
    for (let event = (await post.next()).value; event; event = (await post.next()).value) {
      last = event.id ?? last;
      if (event.data.includes('"progress":102')) break;
    }
    post.close();
    await client.request('tools/call', { name: 'notify', arguments: { method: TOOLS } });

    const resumed = await client.events('GET', { lastEventId: last });
    const messages: { id?: unknown; method?: string; params?: { progress?: number } }[] = [];
    for (let event = (await resumed.next()).value; event; event = (await resumed.next()).value) {
      if (event.data !== '') messages.push(JSON.parse(event.data));
      if (messages.at(-1)?.id === 'resumed') break;
    }

    expect(messages.map(({ params }) => params?.progress)).toEqual([103, 104, 105, 106, 107, undefined]);
    expect(messages.map(({ method }) => method)).not.toContain(TOOLS);
    resumed.close();
  },
);

test(verifies('legacy-resume-own-stream', 'Events of another session are not replayed'), async () => {
  const { url } = await startWrapper({ flags: ['--newest'] });
  const [owner, thief] = await Promise.all([legacyClient(url), legacyClient(url)]);
  const get = await owner.events('GET');
  const first = (await get.next()).value?.id ?? '';
  await owner.request('tools/call', { name: 'notify', arguments: { method: TOOLS } });

  const stolen = await thief.events('GET', { lastEventId: first }).catch((error: Error) => error);
  if (!(stolen instanceof Error)) {
    await thief.request('tools/call', { name: 'notify', arguments: { method: 'notifications/prompts/list_changed' } });
    let event = (await stolen.next()).value;
    while (event?.data === '') event = (await stolen.next()).value;
    expect(event?.id).not.toBe(first);
    stolen.close();
  }
  get.close();
});
