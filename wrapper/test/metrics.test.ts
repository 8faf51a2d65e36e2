import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { createMetrics, type MeasuredState } from '../src/measure/metrics.ts';
import { readGroupsMemory } from '../src/measure/process-memory.ts';
import { openSession, post } from './mcp-client.ts';
import { freePort, killStarted, startWrapper } from './wrapper-process.ts';

afterEach(killStarted);

const STATE: MeasuredState = {
  requestsInFlight: () => 1,
  sessions: () => 2,
  streams: () => 3,
  childRestarts: () => 4,
  childGroups: () => [],
  isChildUp: () => true,
  bytes: () => ({ in: 10, out: 21 }),
  keyUses: () => new Map([['7f3a9c21d0b4', 1_800_000_000_500]]),
};

/** The samples without help and type lines. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('requests are counted by method, era and outcome, with their time', async () => {
  const metrics = createMetrics();
  const call = { method: 'tools/call', era: 'modern', outcome: 'ok' } as const;

  metrics.observeRequest({ ...call, seconds: 0.003 });
  metrics.observeRequest({ ...call, seconds: 7 });
  metrics.observeRequest({ ...call, outcome: 'timeout', seconds: 300 });
  const samples = samplesOf(await metrics.render());
  const again = samplesOf(await metrics.render());

  const labels = 'method="tools/call",era="modern",outcome="ok"';
  expect(samples.get(`mcp_wrapper_requests_total{${labels}}`)).toBe(2);
  expect(samples.get(`mcp_wrapper_request_duration_seconds_bucket{le="0.005",${labels}}`)).toBe(1);
  expect(samples.get(`mcp_wrapper_request_duration_seconds_sum{${labels}}`)).toBeCloseTo(7.003);
  expect(again.get(`mcp_wrapper_requests_total{${labels}}`)).toBe(2);
});

test('clients cannot make labels', async () => {
  const metrics = createMetrics();

  for (let i = 0; i < 1000; i++) {
    metrics.observeRequest({ method: `made/up-${i}`, era: 'legacy', outcome: 'error', seconds: 0 });
  }
  const samples = samplesOf(await metrics.render());

  const counted = [...samples].filter(([name]) => name.startsWith('mcp_wrapper_requests_total'));
  expect(counted).toEqual([['mcp_wrapper_requests_total{method="other",era="legacy",outcome="error"}', 1000]]);
});

test('state, refusals and bytes are shown as they are when asked', async () => {
  const metrics = createMetrics();
  metrics.watch(STATE);

  metrics.rejected('rate-limited');
  const samples = samplesOf(await metrics.render());

  expect(Object.fromEntries(samples)).toMatchObject({
    mcp_wrapper_requests_in_flight: 1,
    mcp_wrapper_sessions: 2,
    mcp_wrapper_streams: 3,
    mcp_wrapper_child_restarts_total: 4,
    mcp_wrapper_child_up: 1,
    'mcp_wrapper_rejected_total{reason="rate-limited"}': 1,
    'mcp_wrapper_network_bytes_total{direction="in"}': 10,
    'mcp_wrapper_network_bytes_total{direction="out"}': 21,
  });
  expect(samples.get('mcp_wrapper_process_resident_memory_bytes')).toBeGreaterThan(0);
});

test('memory of a process group counts all its members', async () => {
  const leader = spawn('sh', ['-c', 'sleep 600 & echo up; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(leader.stdout, 'data');
  const pid = leader.pid ?? 0;

  const bytes = await readGroupsMemory([pid]);
  process.kill(-pid, 'SIGKILL');
  await once(leader, 'exit');

  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(50_000_000);
  expect(await readGroupsMemory([])).toBe(0);
});

test('metrics are served on the main port, behind the key where there is one', async () => {
  const key = createHash('sha256').update('mcp_a').digest('hex');
  const open = await startWrapper();
  const shut = await startWrapper({ args: ['--key-sha256', key, '--allowed-hosts', 'hello.example.com'] });
  const client = await openSession(open.url);
  await client.call('echo', { message: 'x'.repeat(100_000) });
  await post(open.url, 'no JSON');

  const response = await fetch(`${open.origin}/metrics`);
  const samples = samplesOf(await response.text());
  const none = await fetch(`${shut.origin}/metrics`);
  const withKey = await fetch(`${shut.origin}/metrics`, { headers: { authorization: 'Bearer mcp_a' } });

  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(Object.fromEntries(samples)).toMatchObject({
    mcp_wrapper_sessions: 1,
    mcp_wrapper_child_up: 1,
    mcp_wrapper_child_restarts_total: 0,
    'mcp_wrapper_rejected_total{reason="parse-error"}': 1,
    'mcp_wrapper_requests_total{method="tools/call",era="legacy",outcome="ok"}': 1,
  });
  for (const direction of ['in', 'out']) {
    expect(samples.get(`mcp_wrapper_network_bytes_total{direction="${direction}"}`)).toBeGreaterThan(100_000);
  }
  expect(samples.get('mcp_wrapper_child_memory_bytes')).toBeGreaterThan(1_000_000);
  expect([none.status, withKey.status]).toEqual([401, 200]);
});

test('metrics on a port of their own are not served to the public', async () => {
  const { origin } = await startWrapper({ args: ['--metrics-port', String(await freePort())] });

  expect((await fetch(`${origin}/metrics`)).status).toBe(404);
});

test('metrics on a port of their own need no key, and on the main port one', async () => {
  const key = createHash('sha256').update('mcp_a').digest('hex');
  const port = await freePort();
  const { origin, url } = await startWrapper({ args: ['--key-sha256', key, '--metrics-port', String(port)] });
  const headers = { authorization: 'Bearer mcp_a' };

  const own = await fetch(`http://127.0.0.1:${port}/metrics`);
  const main = await fetch(`${origin}/metrics`, { headers });
  const none = await fetch(`${origin}/metrics`);
  const other = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST' });

  expect([own.status, main.status, none.status, other.status]).toEqual([200, 200, 401, 404]);
  expect(other.headers.get('content-type')).toBe('application/problem+json');
  expect((await post(url, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).status).toBe(200);
});
