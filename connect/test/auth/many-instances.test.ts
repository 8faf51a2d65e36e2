import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { type ProtectedResource, startProtectedResource } from './protected-resource.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

const INSTANCE = fileURLToPath(new URL('./sign-in-process.ts', import.meta.url));

let machine: TestMachine;
let server: AuthorizationServer;
let resource: ProtectedResource;
let children: ChildProcess[];

beforeEach(async () => {
  children = [];
  machine = await createTestMachine();
  server = await startAuthorizationServer();
  resource = await startProtectedResource({ server });
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await resource.close();
  await server.close();
  await machine.remove();
});

interface Instance {
  child: ChildProcess;
  stderr(): string;
  /** What it printed, once it has ended. */
  outcome: Promise<{ status?: number; renewals?: number; failure?: string }>;
}

function startInstance(): Instance {
  const args = ['--no-warnings', INSTANCE, resource.url.href, machine.stateDirectory];
  const child = spawn(process.execPath, args, { env: machine.env });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const outcome = once(child, 'close').then(() => (stdout === '' ? {} : JSON.parse(stdout)));
  return { child, stderr: () => stderr, outcome };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}

async function outcomes(instances: Instance[]): Promise<object[]> {
  return await Promise.all(instances.map(({ outcome }) => outcome));
}

describe('instances that start together', () => {
  test.each([2, 5])('%i of them open one tab, and all are signed in', async (count) => {
    const instances = Array.from({ length: count }, startInstance);

    const results = await outcomes(instances);

    expect(results).toEqual(Array(count).fill({ status: 200, renewals: 1 }));
    expect(await machine.tabs()).toHaveLength(1);
    expect(server.count('/reg')).toBe(1);
  });

  test('are all told when the person declines once', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'declines';
    const instances = Array.from({ length: 3 }, startInstance);

    const results = await outcomes(instances);

    expect(results).toEqual(Array(3).fill({ failure: 'Cannot sign in to hello: it was declined in the browser' }));
    expect(await machine.tabs()).toHaveLength(1);
  });

  test('refresh once, so that no rotated refresh token is used', async () => {
    await startInstance().outcome;
    const [file] = await machine.stored('tokens');
    await (await server.provider.AccessToken.find(file?.value.accessToken))?.destroy();
    const tokenRequests = server.count('/token');

    const results = await outcomes(Array.from({ length: 5 }, startInstance));

    expect(results.map((result) => (result as { status: number }).status)).toEqual(Array(5).fill(200));
    expect(server.count('/token') - tokenRequests).toBe(1);
    expect(await machine.tabs()).toHaveLength(1);
  });
});

describe('an instance that is killed while a person signs in', () => {
  test('leaves its place to the one that waits', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'sleeps';
    const first = startInstance();
    await until(async () => (await machine.tabs()).length === 1);
    machine.env.FAKE_BROWSER_PERSON = 'consents';
    const second = startInstance();
    await until(() => second.stderr().includes('waiting for another mcp-connect'));

    first.child.kill('SIGKILL');

    expect(await second.outcome).toEqual({ status: 200, renewals: 1 });
    expect(await machine.tabs()).toHaveLength(2);
  });
});

describe('the end of stdin', () => {
  test('ends the instance that waits for a browser, and the one that waits for it', async () => {
    machine.env.FAKE_BROWSER_PERSON = 'sleeps';
    const first = startInstance();
    await until(async () => (await machine.tabs()).length === 1);
    const second = startInstance();
    await until(() => second.stderr().includes('waiting for another mcp-connect'));

    for (const { child } of [second, first]) child.stdin?.end();

    expect(await outcomes([first, second])).toEqual(Array(2).fill({ failure: 'stdin has ended' }));
    expect(await readdir(join(machine.stateDirectory, 'locks'))).toEqual([]);
  });
});

describe('a lock that nobody holds', () => {
  test('since its process is gone keeps nobody waiting', async () => {
    await startInstance().outcome;
    const [file] = await machine.stored('tokens');
    const name = file?.path.split('/').at(-1) ?? '';
    await writeFile(
      join(machine.stateDirectory, 'locks', name),
      JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), owner: 'gone' }),
    );
    await (await server.provider.AccessToken.find(file?.value.accessToken))?.destroy();

    expect(await startInstance().outcome).toEqual({ status: 200, renewals: 1 });
  });
});
