import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from './eventually.ts';
import { gatewayRequest } from './gateway-request.ts';
import { pushScript, startTestCluster, type TestCluster } from './test-cluster.ts';
import { deploymentOf, routeOf } from './workload.ts';

const script = fileURLToPath(new URL('run-sandbox.ts', import.meta.url));
/** Goes on when its sandbox is gone: it ignores SIGTERM and a broken pipe. */
const source = `
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
process.on('SIGTERM', () => {});
createServer((_, response) => response.end(process.pid + ' ' + child.pid)).listen(process.env.MCP_WRAPPER_PORT, '127.0.0.1');
`;
let cluster: TestCluster | undefined;
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await cluster?.close();
});

async function startProcess(dir: string): Promise<{ child: ChildProcess; gatewayUrl: string }> {
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  if (child.stdout === null) throw new Error('no output');
  const [line] = await once(child.stdout, 'data');
  return { child, gatewayUrl: JSON.parse(String(line)).gatewayUrl };
}

async function pidsBehind(gatewayUrl: string): Promise<number[]> {
  return eventually(async () => {
    const answer = await gatewayRequest({ sandbox: { gatewayUrl } }, 'left.localhost', '/');
    return answer.status === 200 && answer.body.split(' ').map(Number);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('What a killed sandbox leaves behind ends at the next start, and runs anew; processes of others live on', async () => {
  cluster = await startTestCluster();
  await pushScript(cluster, 'acme/left', source);
  await cluster.sandbox.apply([deploymentOf({ name: 'left', image: 'acme/left:latest' }), ...routeOf('left')]);
  await cluster.sandbox.close();
  const first = await startProcess(cluster.dir);
  const left = await pidsBehind(first.gatewayUrl);

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  expect(left.every(isAlive)).toBe(true);
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  started.push(stranger);
  const record = { pid: stranger.pid, start: 'another start', mark: 'x' };
  writeFileSync(join(cluster.dir, `kubernetes/processes/${stranger.pid}.json`), JSON.stringify(record));
  writeFileSync(join(cluster.dir, 'kubernetes/processes/1.json'), '{"pid":1');
  await cluster.restart();
  const again = await pidsBehind(cluster.sandbox.gatewayUrl);

  expect(left.some(isAlive)).toBe(false);
  expect(again).not.toEqual(left);
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
  await cluster.sandbox.close();
  await eventually(() => !again.some(isAlive));
});

test('A group whose leader is gone is ended by the mark of its members', async () => {
  cluster = await startTestCluster();
  await pushScript(cluster, 'acme/left', source);
  await cluster.sandbox.apply([deploymentOf({ name: 'left', image: 'acme/left:latest' }), ...routeOf('left')]);
  await cluster.sandbox.close();
  const first = await startProcess(cluster.dir);
  const [leader = 0, child = 0] = await pidsBehind(first.gatewayUrl);

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  process.kill(leader, 'SIGKILL');
  await eventually(() => !isAlive(leader));
  expect(isAlive(child)).toBe(true);
  await cluster.restart();

  expect(isAlive(child)).toBe(process.platform !== 'linux');
  if (isAlive(child)) process.kill(child, 'SIGKILL');
});
