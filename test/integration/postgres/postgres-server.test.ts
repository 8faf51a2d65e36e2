import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/postgres-server.ts';
import { freePort } from './test-postgres.ts';

let directory = '';
let dataDir = '';
let port = 0;
const started: PostgresServer[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mcp-hosting-postgres-'));
  dataDir = join(directory, 'nested', 'data');
  port = await freePort();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function start(on = port): Promise<PostgresServer> {
  const server = await startPostgres({ port: on, dataDir, log: () => {} });
  started.push(server);
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const postmasterPid = () => Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);

test('data survive a restart, on another port too', async () => {
  const first = await start();
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS there");
  await first.close();

  const second = await start(await freePort());

  expect(await query(second.url, 'SELECT there FROM kept')).toEqual([{ there: 'yes' }]);
});

test('data survive a kill of the server, whose pid file is stale then', async () => {
  const first = await start();
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS there");
  process.kill(postmasterPid(), 'SIGKILL');
  await first.close();
  // By now the number may belong to another process: here it is our own.
  const pidFile = join(dataDir, 'postmaster.pid');
  writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));

  const second = await start();

  expect(await query(second.url, 'SELECT there FROM kept')).toEqual([{ there: 'yes' }]);
});

test('a server whose starter was killed is ended, and a new one takes its data', async () => {
  const program = new URL('started-elsewhere.ts', import.meta.url).pathname;
  const starter = spawn(process.execPath, [program, String(port), dataDir], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: starter.stdout }), 'line');
  const orphan = postmasterPid();
  await expect(start(await freePort())).rejects.toMatchObject({ code: 'postgres-data-in-use' });
  starter.kill('SIGKILL');
  await once(starter, 'exit');

  const server = await start();

  expect(postmasterPid()).not.toBe(orphan);
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a busy port is named', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');

  await expect(start()).rejects.toMatchObject({
    code: 'postgres-port-in-use',
    message: expect.stringContaining(`port ${port} is in use`),
  });

  other.close();
});

test('a folder with other files is left alone', async () => {
  dataDir = directory;
  writeFileSync(join(directory, 'letter.txt'), 'dear');

  await expect(start()).rejects.toMatchObject({ code: 'postgres-data-foreign' });

  expect(readFileSync(join(directory, 'letter.txt'), 'utf8')).toBe('dear');
});

test('it listens on loopback only and asks for its password', async () => {
  const { url } = await start();
  const wrong = new URL(url);
  wrong.password = 'wrong';

  expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});
