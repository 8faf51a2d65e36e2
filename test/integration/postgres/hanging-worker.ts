import { createPostgres } from '../../../src/adapters/postgres/create-postgres.ts';
import { silentLog } from './silent-log.ts';

/** A replica whose jobs begin and never end: it says so on stdout, and waits to be killed. */
const postgres = await createPostgres({ databaseUrl: process.env.DATABASE_URL ?? '', log: silentLog });
await postgres.migrate();
const hang = (what: string) => {
  process.stdout.write(`begun ${what}\n`);
  return new Promise<void>(() => {});
};
await postgres.startWorkers({
  onDelivery: hang,
  onAdvance: (serverId) => postgres.serverLock.withLock(serverId, () => hang(serverId)),
  onReconcile: async () => {},
  onDrift: async () => {},
  driftIntervalMs: 3_600_000,
  reconcileIntervalMs: 3_600_000,
  concurrency: 2,
});
process.stdout.write('ready\n');
