import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openSession, post, readAnswer } from './mcp-client.ts';
import { verifies } from './verifies.ts';
import { EVERYTHING, killStarted, startWrapper, type WrapperProcess } from './wrapper-process.ts';

afterEach(killStarted);

interface Health {
  status: string;
  reason?: string;
  restarts?: number;
}

async function readHealth({ origin }: WrapperProcess, path = '/health'): Promise<{ code: number; body: Health }> {
  const response = await fetch(`${origin}${path}`);
  return { code: response.status, body: (await response.json()) as Health };
}

/** Processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \w (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilGone(pids: number[]): Promise<void> {
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('health is 200 while the child answers, and tells no command line', async () => {
  const wrapper = await startWrapper();

  const { code, body } = await readHealth(wrapper);

  expect(code).toBe(200);
  expect(body).toEqual({ status: 'ok', protocolVersion: '2025-06-18', restarts: 0, sessions: 0, requestsInFlight: 0 });
});

test('health of a child without ping is 200, since it answers other requests', async () => {
  const wrapper = await startWrapper({ flags: ['--no-ping'] });

  expect((await readHealth(wrapper)).code).toBe(200);
});

test('server is alive but not ready while the child is starting, and requests wait for it', async () => {
  const wrapper = await startWrapper({ flags: ['--silent'], args: ['--ready-wait-ms', '50'], isReady: false });

  const alive = await readHealth(wrapper);
  const ready = await readHealth(wrapper, '/ready');
  const answer = await readAnswer(await post(wrapper.url, { jsonrpc: '2.0', id: 0, method: 'initialize' }));

  expect(alive).toMatchObject({ code: 200, body: { status: 'unavailable', reason: 'starting' } });
  expect(ready).toMatchObject({ code: 503, body: { status: 'unavailable', reason: 'starting' } });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(answer.last).toMatchObject({ id: 0, error: { data: { reason: 'child-not-ready' } } });
});

test('health is 503 while the child hangs, and 200 when it goes on', async () => {
  const wrapper = await startWrapper({ args: ['--health-timeout-ms', '200'] });
  const [child = 0] = childrenOf(wrapper.pid);

  process.kill(child, 'SIGSTOP');
  const hanging = await readHealth(wrapper);
  process.kill(child, 'SIGCONT');
  const { url } = wrapper;
  await (await openSession(url)).call('echo', { message: 'awake' });
  let awake = await readHealth(wrapper);
  while (awake.code !== 200) awake = await readHealth(wrapper);

  expect(hanging).toMatchObject({ code: 503, body: { reason: 'not-answering' } });
  expect(awake.body.status).toBe('ok');
});

test(
  verifies(
    'stdio-restart',
    'death of the child answers every open call at once, and the next one is served by a new child',
  ),
  async () => {
    const wrapper = await startWrapper();
    const [one, other] = await Promise.all([openSession(wrapper.url), openSession(wrapper.url)]);
    await one.request('resources/subscribe', { uri: 'test://a' });
    const open = other.request('tools/call', { name: 'hang' }, 'open');
    while (!(await one.call('received')).includes('"hang"'));

    const dying = await one.request('tools/call', { name: 'die' }, 'dying');
    const lost = await open;
    const after = await one.call('echo', { message: 'again' });
    const received = JSON.parse(await one.call('received'));

    for (const [id, { last }] of Object.entries({ dying, open: lost })) {
      const message = 'The MCP server exited with code 7 before it answered';
      expect(last).toMatchObject({ id, error: { code: -32603, message } });
    }
    expect(after).toBe('again');
    expect(received.slice(0, 3).map(({ method }: { method: string }) => method)).toEqual([
      'initialize',
      'notifications/initialized',
      'resources/subscribe',
    ]);
    expect((await readHealth(wrapper)).body).toMatchObject({ status: 'ok', restarts: 1 });
  },
);

/** Dies at its start; from the third on not before the gate is there. */
const DYING_SERVER = `
  const { appendFileSync, existsSync, readFileSync } = require('node:fs');
  const { STARTS, GATE } = process.env;
  appendFileSync(STARTS, '.');
  const die = () => { console.error('no database'); process.exit(3); };
  if (readFileSync(STARTS).length < 3) die();
  setInterval(() => { if (existsSync(GATE)) die(); }, 10);
`;

test('child that dies at start over and over is not ready, is told with its last words, and then not alive', async () => {
  const gate = join(await mkdtemp(join(tmpdir(), 'mcp-wrapper-')), 'on');
  const wrapper = await startWrapper({
    command: [process.execPath, '-e', DYING_SERVER],
    env: { STARTS: `${gate}.starts`, GATE: gate },
    args: ['--child-era', 'legacy', '--child-env', 'STARTS,GATE'],
    isReady: false,
  });

  const said = await wrapper.logged('Child exited', 2);
  const early = [await readHealth(wrapper), await readHealth(wrapper, '/ready')];
  await writeFile(gate, '');
  await wrapper.logged('Child exited', 5);
  const late = await readHealth(wrapper);

  expect(said).toMatchObject({ exit: 'exited with code 3', stderr: 'no database' });
  expect(early).toMatchObject([{ code: 200 }, { code: 503, body: { reason: expect.stringMatching(/starting/) } }]);
  expect(late.code).toBe(503);
});

test('wrapper ends with the child that failed to start as often as it may', async () => {
  const wrapper = await startWrapper({
    flags: ['--exit-at-start'],
    args: ['--start-attempts-max', '1'],
    isReady: false,
  });

  const said = await wrapper.logged('Server ended before it was ready');

  expect(said).toMatchObject({ exit: 'exited with code 3' });
  expect(await wrapper.exited).toBe(1);
});

test('server that ends on a request before initialize is started again, which is no failed start', async () => {
  const wrapper = await startWrapper({ flags: ['--exit-on-probe'], args: ['--start-attempts-max', '1'] });

  const session = await openSession(wrapper.url);

  expect(await session.call('echo', { message: 'served' })).toBe('served');
  expect((await readHealth(wrapper)).body).toMatchObject({ status: 'ok', restarts: 0 });
  await session.request('tools/call', { name: 'die' }, 'dying');
  await wrapper.logged('Child ready', 2);
  expect(wrapper.lines.filter((line) => line.includes('started again as a legacy one'))).toHaveLength(1);
});

test('server is one process from the start, since two may want the same port or lock', async () => {
  const wrapper = await startWrapper({ flags: ['--stderr', 'fixture started'] });

  expect(wrapper.lines.filter((line) => line === 'fixture started')).toHaveLength(1);
});

test('child that was ready and then dies at every start is started again with growing pauses', async () => {
  const marker = join(await mkdtemp(join(tmpdir(), 'mcp-wrapper-')), 'started');
  const wrapper = await startWrapper({
    env: { EXIT_WHEN_THERE: marker },
    args: ['--child-era', 'legacy', '--child-env', 'EXIT_WHEN_THERE'],
  });
  await (await openSession(wrapper.url)).request('tools/call', { name: 'die' }, 'dying');

  const third = await wrapper.logged('Child exited', 3);

  expect(third).toMatchObject({ exit: 'exited with code 3', restartInMs: 400 });
  expect((await readHealth(wrapper, '/ready')).code).toBe(503);
});

test('command that does not exist ends the wrapper with a reason', async () => {
  await expect(startWrapper({ command: ['/nonexistent/server'] })).rejects.toThrow(/neither on PATH nor an executable/);
});

test('stderr of the child is passed on line by line', async () => {
  const command = [process.execPath, '-e', 'console.error("my own words"); process.stdin.resume()'];
  const wrapper = await startWrapper({ command, isReady: false });
  while (!wrapper.lines.includes('my own words')) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('child that hangs is killed and started again', async () => {
  const wrapper = await startWrapper({ args: ['--hung-timeout-ms', '3000'] });
  const [child = 0] = childrenOf(wrapper.pid);

  process.kill(child, 'SIGSTOP');
  await wrapper.logged('Child hangs');
  await wrapper.logged('Child ready', 2);

  expect(await (await openSession(wrapper.url)).call('echo', { message: 'again' })).toBe('again');
  expect(isRunning(child)).toBe(false);
});

test('child that closes its stdout but lives is replaced, and what it was asked has an error', async () => {
  const wrapper = await startWrapper();
  const client = await openSession(wrapper.url);
  const child = Number(await client.call('pid'));

  const { last } = await client.request('tools/call', { name: 'closeOutput' }, 'closing');

  expect(last).toMatchObject({ id: 'closing', error: { code: -32603, data: { reason: 'child-exited' } } });
  expect(await wrapper.logged('Child cannot be heard or told anything any more')).toMatchObject({ closed: 'stdout' });
  expect(await client.call('echo', { message: 'again' })).toBe('again');
  expect(isRunning(child)).toBe(false);
});

test('child that closes its stdin but lives is replaced when it is told the next thing', async () => {
  const wrapper = await startWrapper();
  const client = await openSession(wrapper.url);
  const child = Number(await client.call('pid'));
  expect(await client.call('closeInput')).toBe('closed');

  const { last } = await client.request('tools/call', { name: 'echo', arguments: { message: 'x' } }, 'lost');

  expect(last).toMatchObject({ id: 'lost', error: { code: -32603, data: { reason: 'child-exited' } } });
  expect(await wrapper.logged('Child cannot be heard or told anything any more')).toMatchObject({ closed: 'stdin' });
  expect(await client.call('echo', { message: 'again' })).toBe('again');
  expect(isRunning(child)).toBe(false);
});

test('child sees the variables it was given, without the settings of the wrapper', async () => {
  const env = { MCP_SERVER_ID: 'hello-q7m2d4', MCP_WRAPPER_SESSIONS_MAX: '5', STRIPE_API_KEY: 'test', AWS_KEY: 'a' };
  const { url, logged } = await startWrapper({ isEnvBare: true, env, args: ['--child-env', 'STRIPE_*'] });

  const seen = JSON.parse(await (await openSession(url)).call('environment'));

  expect(seen).toMatchObject({ MCP_SERVER_ID: 'hello-q7m2d4', STRIPE_API_KEY: 'test' });
  expect(Object.keys(seen).filter((name) => /^(MCP_WRAPPER|AWS)_/.test(name))).toEqual([]);
  const { names } = await logged('Variables not given to the server; --child-env NAME,… gives them');
  expect(String(names).split(',')).toContain('AWS_KEY');
});

test('SIGTERM lets open calls finish, refuses new ones, ends streams, and exits with 0', async () => {
  const wrapper = await startWrapper();
  const [child = 0] = childrenOf(wrapper.pid);
  const client = await openSession(wrapper.url);
  const stream = await client.listen();
  const open = client.request('tools/call', { name: 'gate' }, 'open');
  while (!(await client.call('received')).includes('"gate"'));

  wrapper.kill('SIGTERM');
  await wrapper.logged('Draining');
  const refused = await readAnswer(await post(wrapper.url, { jsonrpc: '2.0', id: 9, method: 'initialize' }));
  const [alive, ready] = [await readHealth(wrapper), await readHealth(wrapper, '/ready')];
  const streamEnd = await stream.next();
  process.kill(child, 'SIGUSR2');

  expect((await open).last.result.content[0].text).toBe('opened');
  expect(refused).toMatchObject({ status: 503, last: { id: 9, error: { data: { reason: 'draining' } } } });
  expect(alive.code).toBe(200);
  expect(ready).toMatchObject({ code: 503, body: { reason: 'draining' } });
  expect(streamEnd.done).toBe(true);
  expect(await wrapper.exited).toBe(0);
  expect(isRunning(child)).toBe(false);
});

test('SIGTERM answers calls that outlast the drain with an error', async () => {
  const wrapper = await startWrapper({ args: ['--drain-timeout-ms', '50'] });
  const client = await openSession(wrapper.url);
  const open = client.request('tools/call', { name: 'hang' }, 'open');
  while (!(await client.call('received')).includes('"hang"'));

  wrapper.kill('SIGTERM');

  expect((await open).last).toMatchObject({ id: 'open', error: { code: -32603 } });
  expect(await wrapper.exited).toBe(0);
});

test('grandchildren go with the child when it dies, and with the wrapper when it is stopped', async () => {
  const wrapper = await startWrapper();
  const client = await openSession(wrapper.url);
  const first = JSON.parse(await client.call('grandchild')).pid;
  await client.call('die');
  await wrapper.logged('Child ready', 2);
  await untilGone([first]);
  const second = JSON.parse(await client.call('grandchild')).pid;

  wrapper.kill('SIGTERM');

  expect(await wrapper.exited).toBe(0);
  await untilGone([second]);
});

test('server behind a shell goes with the wrapper', async () => {
  const wrapper = await startWrapper({ command: ['sh', '-c', `${process.execPath} ${EVERYTHING}; true`] });
  const [shell = 0] = childrenOf(wrapper.pid);
  const server = childrenOf(shell);
  expect(server).toHaveLength(1);

  wrapper.kill('SIGTERM');

  expect(await wrapper.exited).toBe(0);
  await untilGone([shell, ...server]);
});

test(verifies('stdio-shutdown', 'child that ignores stdin EOF and SIGTERM is killed'), async () => {
  const wrapper = await startWrapper({ flags: ['--ignore-end'] });
  const [child = 0] = childrenOf(wrapper.pid);

  wrapper.kill('SIGTERM');

  expect(await wrapper.exited).toBe(0);
  expect(isRunning(child)).toBe(false);
});
