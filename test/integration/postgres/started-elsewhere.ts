import { startPostgres } from '../../../sandbox/postgres/postgres-server.ts';

/** Starts PostgreSQL in a process of its own, says so on stdout, and waits to be killed. */
const [port, dataDir = ''] = process.argv.slice(2);
await startPostgres({ port: Number(port), dataDir, log: () => {} });
process.stdout.write('started\n');
setInterval(() => {}, 60_000);
