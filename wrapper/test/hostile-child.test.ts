import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { modernClient } from './modern-client.ts';
import { killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

/** The most memory that a process has had, in megabytes. */
function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('A line that does not end is not kept, and what comes after it counts', async () => {
  const wrapper = await startWrapper();
  const client = modernClient(wrapper.url);
  const before = peakOf(wrapper.pid);

  const answer = await client.text('flood', { megabytes: 500 });

  expect(answer).toBe('done');
  expect(peakOf(wrapper.pid) - before).toBeLessThan(400);
  expect(await wrapper.logged('Line of the child dropped: too long')).toMatchObject({ bytes: 500 * 1024 * 1024 });
});

test('Bytes that are no UTF-8 harm their own answer only', async () => {
  const client = modernClient((await startWrapper()).url);

  expect(await client.text('brokenText')).toBe('a\ufffd\ufffd(b');
  expect(await client.text('echo', { message: 'on' })).toBe('on');
});

test('An answer that comes before its question is nobody’s', async () => {
  const client = modernClient((await startWrapper()).url);

  expect(await client.text('early')).toBe('done');
  expect(await client.text('echo', { message: 'my own' })).toBe('my own');
});

test('A process that left the group and holds stdout does not keep a dead server from being replaced', async () => {
  const client = modernClient((await startWrapper()).url);
  const daemon = Number(await client.text('daemon'));

  const { last } = await client.call('die');
  const next = await client.text('echo', { message: 'again' });
  process.kill(daemon, 'SIGKILL');

  expect(last.error).toMatchObject({ code: -32603, data: { reason: 'child-exited' } });
  expect(next).toBe('again');
});
