import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { openSession } from './mcp-client.ts';
import { childrenOf } from './process-tree.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const FIXTURE = fileURLToPath(new URL('./fixtures/stdio-server.js', import.meta.url));

/** A process namespace of its own, where what is started first is process 1: only root may make one. */
const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

function canUnshare(): boolean {
  try {
    execFileSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const inContainer = canUnshare() ? test : test.skip;

inContainer('As process 1 it leaves no zombies of orphans, passes SIGTERM on and exits with 0', async () => {
  const [command = '', ...args] = UNSHARE;
  const wrapper = [process.execPath, MAIN, '--host', '127.0.0.1', '--port', '0', '--', process.execPath, FIXTURE];
  const outer = spawn(command, [...args, ...wrapper], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(outer, 'exit');
  let port = 0;
  for await (const line of createInterface({ input: outer.stderr })) {
    if (line.includes('"Listening"')) port = JSON.parse(line).port;
    if (line.includes('"Child ready"')) break;
  }
  const [init = 0] = childrenOf(outer.pid ?? 0);
  const client = await openSession(`http://127.0.0.1:${port}/mcp`);

  for (let i = 0; i < 5; i++) await client.call('orphan');
  // The wrapper alone is left.
  while (childrenOf(init).length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
  process.kill(init, 'SIGTERM');

  expect(await exited).toEqual([0, null]);
});
