import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { legacyClient } from './legacy-client.ts';
import { healthOf, openSession, post, readAnswer } from './mcp-client.ts';
import { modernClient } from './modern-client.ts';
import { descendantsOf, untilGone } from './process-tree.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const ISOLATED = ['--sessions', 'isolated', '--child-era', 'legacy'];

test('each session has a server of its own, which ends with it', async () => {
  const { url } = await startWrapper({ args: ISOLATED });
  const [one, other] = [await openSession(url), await openSession(url)];

  const pids = [await one.call('pid'), await other.call('pid'), await one.call('pid')];
  await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': one.sessionId } });
  await untilGone([Number(pids[0])]);

  expect(pids[0]).not.toBe(pids[1]);
  expect(pids[2]).toBe(pids[0]);
  expect(await other.call('pid')).toBe(pids[1]);
  expect((await one.request('ping')).status).toBe(404);
});

test("a session's server is told of its real client", async () => {
  const { url } = await startWrapper({ args: ISOLATED });
  const client = await openSession(url);

  const [initialize] = JSON.parse(await client.call('received'));

  expect(initialize.params).toMatchObject({ clientInfo: { name: 'test' }, capabilities: {} });
});

test('requests without a session share the server of their principal', async () => {
  const keys = ['first-key', 'second-key'];
  const hashes = await Promise.all(keys.map(sha256));
  const { url } = await startWrapper({ args: [...ISOLATED, '--key-sha256', hashes.join(',')] });
  const [first, second] = keys.map((key) => modernClient(url, { headers: { authorization: `Bearer ${key}` } }));

  const pids = [await first?.text('pid'), await second?.text('pid'), await first?.text('pid')];

  expect(pids[0]).not.toBe(pids[1]);
  expect(pids[2]).toBe(pids[0]);
});

test('servers of their own are limited in number, and a place that is left is taken again', async () => {
  const { url } = await startWrapper({ args: [...ISOLATED, '--children-max', '2'] });
  const [one] = [await openSession(url), await openSession(url)];

  const refused = await readAnswer(await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize' }));
  await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': one?.sessionId ?? '' } });
  const taken = await openSession(url);

  expect(refused).toMatchObject({ status: 503, last: { error: { data: { reason: 'session-limit' } } } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await taken.call('echo', { message: 'here' })).toBe('here');
});

test("a session's server may ask its client at any time, and learns of new roots", async () => {
  const { url } = await startWrapper({ args: ISOLATED });
  const client = await legacyClient(url, { capabilities: { roots: {} } });
  const stream = await client.listen();
  const lookup = { method: 'roots/list', params: {} };
  const asked = async (): Promise<string> => await client.text('received');

  await client.text('askLater', lookup);
  const question = (await stream.next()).value;
  await client.respond(question.id, { roots: [{ uri: 'file:///here' }] });
  await client.notify('notifications/roots/list_changed');
  await client.text('askLater', { method: 'sampling/createMessage', params: {} });

  expect(question).toMatchObject(lookup);
  while (!(await asked()).includes('file:///here'));
  expect(await asked()).toContain('notifications/roots/list_changed');
  while (!(await asked()).includes('does not support') && !(await asked()).includes('No client'));
  stream.close();
});

test('a session that is refused for too many requests in hand leaves no server behind', async () => {
  const wrapper = await startWrapper({ args: [...ISOLATED, '--requests-max', '1', '--pool-size', '0'] });
  const client = await legacyClient(wrapper.url);
  const running = descendantsOf(wrapper.pid).length;
  const drop = client.begin('tools/call', { name: 'hang' });
  while ((await healthOf(wrapper.origin)).requestsInFlight === 0);

  const refused = await readAnswer(await post(wrapper.url, { jsonrpc: '2.0', id: 1, method: 'initialize' }));

  expect(refused).toMatchObject({ status: 503, last: { error: { data: { reason: 'busy' } } } });
  while (descendantsOf(wrapper.pid).length > running) await sleep(10);
  await drop();
});

test('servers of sessions and principals that were left end after the idle time', async () => {
  const { url, pid } = await startWrapper({ args: [...ISOLATED, '--session-idle-ms', '3000', '--pool-size', '0'] });
  const session = await openSession(url);
  const pids = [Number(await session.call('pid')), Number(await modernClient(url).text('pid'))];

  expect(pids.map(Number.isInteger)).toEqual([true, true]);
  await untilGone(pids);
  // The server that tells whether it works at all stays.
  while (descendantsOf(pid).length > 1) await sleep(20);

  expect(descendantsOf(pid)).toHaveLength(1);
});

test('a server that was started ahead of need is taken, and another one takes its place', async () => {
  const { url, pid } = await startWrapper({ args: [...ISOLATED, '--pool-size', '2'] });
  while (descendantsOf(pid).length < 3) await sleep(20);
  const before = descendantsOf(pid);

  const taken = Number(await (await openSession(url)).call('pid'));
  while (descendantsOf(pid).length < 4) await sleep(20);

  expect(before).toContain(taken);
});

test("the death of one session's server is felt by that session alone, which goes on with a new one", async () => {
  const { url } = await startWrapper({ args: ISOLATED });
  const [one, other] = [await openSession(url), await openSession(url)];
  const pid = await other.call('pid');

  const dying = await one.request('tools/call', { name: 'die' });
  const after = await one.call('echo', { message: 'again' });

  expect(dying.last.error?.code).toBe(-32603);
  expect(after).toBe('again');
  expect(await other.call('pid')).toBe(pid);
});

test('the principal is handed to a server of its own in its environment, and cannot be made up by a client', async () => {
  const key = 'a-key';
  const args = [...ISOLATED, '--key-sha256', await sha256(key), '--forward-principal'];
  const { url } = await startWrapper({ args });
  const client = await openSession(url, { authorization: `Bearer ${key}`, 'x-mcp-principal-id': 'root' });

  const seen = JSON.parse(await client.call('environment'));

  expect(seen.MCP_PRINCIPAL_ID).toMatch(/^[\w-]{8,}$/);
  expect(seen.MCP_PRINCIPAL_ID).not.toBe('root');
});

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Buffer.from(digest).toString('hex');
}
