import { createServer } from 'node:net';

/** Ports below those that the system hands out, a thousand for each worker of Jest. */
const PORTS_FROM = 20_000 + (Number(process.env.JEST_WORKER_ID ?? 0) % 10) * 1_000;
const given = new Set<number>();

/** The first of five free ports in a row, which nobody else here was given. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const first = PORTS_FROM + 5 * Math.floor(Math.random() * 200);
    if (given.has(first)) continue;
    given.add(first);
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
