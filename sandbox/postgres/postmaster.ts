import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { UserError } from '../../src/domain/user-error.ts';
import type { ServerAccount } from './server-account.ts';

/** Recovery after a crash replays at most 64 MB of log here: seconds, even on a slow disk. */
const START_MS = 60_000;

/** A fast shutdown writes one checkpoint. What takes longer is ended without; the log covers it. */
const STOP_MS = 10_000;

const READY_LINE = 'database system is ready to accept connections';

/** Small: one bot, a few replicas in tests. Nothing but TCP on loopback. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=32MB',
  'max_wal_size=64MB',
  'logging_collector=off',
  'log_destination=stderr',
  'lc_messages=C',
];

/** @throws UserError('postgres-port-in-use') */
export async function expectPortFree(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (cause) {
    throw new UserError(
      'postgres-port-in-use',
      `Cannot start PostgreSQL: port ${port} is in use by another process, expected it free`,
      'Choose another with --port.',
      { cause },
    );
  } finally {
    probe.close();
  }
}

/** Starts the server process and waits until it accepts connections. */
export async function spawnPostmaster(options: {
  postgres: string;
  dataDir: string;
  port: number;
  account: ServerAccount;
  log: (line: string) => void;
}): Promise<{ stop(): Promise<void> }> {
  const settings = [`port=${options.port}`, ...SETTINGS].flatMap((setting) => ['-c', setting]);
  const { program, args, ids } = options.account.command(options.postgres, ['-D', options.dataDir, ...settings]);
  // A group of its own: Ctrl-C in a terminal must not end the database before those who use it.
  const child = spawn(program, args, { ...ids, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const endWithUs = () => child.kill('SIGQUIT');
  process.once('exit', endWithUs);
  const exited = new Promise<void>((done) => {
    child.once('error', () => done());
    child.once('exit', () => done());
  });
  void exited.then(() => process.removeListener('exit', endWithUs));
  try {
    await waitUntilReady(child, options.log);
  } catch (error) {
    await stop(child, exited);
    throw error;
  }
  return { stop: () => stop(child, exited) };
}

function waitUntilReady(child: ChildProcess, log: (line: string) => void): Promise<void> {
  return new Promise((ready, failed) => {
    let lastLine = 'no output';
    const refuse = (reason: string) => failed(new Error(`Cannot start PostgreSQL: ${reason}; last line: ${lastLine}`));
    const timer = setTimeout(() => refuse(`not ready after ${START_MS} ms`), START_MS);
    child.once('error', (error) => refuse(error.message));
    child.once('close', (code, signal) => refuse(`it ended with ${signal ?? `code ${code}`}`));
    child.once('close', () => clearTimeout(timer));
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lastLine = line;
      log(line);
      if (!line.includes(READY_LINE)) return;
      clearTimeout(timer);
      ready();
    });
  });
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
