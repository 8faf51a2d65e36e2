import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { PlatformMeasures } from '../domain/platform-measures.ts';
import type { Log } from '../ports/log.ts';
import type { Measures } from '../ports/stores.ts';

/** What is read from the database serves scrapes for this long: two replicas and a person may ask at once. */
const MEASURES_KEPT_MS = 5_000;

export interface MetricsOptions {
  measures: Measures;
  log: Log;
  now: () => Date;
}

/**
 * `/metrics` in Prometheus' text format on a port of its own, without a key: a network policy keeps it inside. Every
 * replica tells the same of the database, so take the maximum over them.
 * @throws the system's error when the port cannot be listened on
 */
export async function serveMetrics(
  options: MetricsOptions,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const registry = createRegistry(options);
  const server = createServer((request, response) => {
    answer(registry, request, response).catch((error: unknown) => {
      options.log.warn({ error }, 'Metrics could not be read');
      response.writeHead(503).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  return server;
}

async function answer(registry: Registry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  const text = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text);
}

function createRegistry(options: MetricsOptions): Registry {
  const registry = new Registry();
  const read = keptMeasures(options);
  collectDefaultMetrics({ register: registry, prefix: 'mcp_hosting_' });
  const gauge = (
    parts: { name: string; help: string; labelNames: string[] },
    values: (measures: PlatformMeasures) => { labels: Record<string, string>; value: number }[],
  ): void => {
    new Gauge({
      ...parts,
      name: `mcp_hosting_${parts.name}`,
      registers: [registry],
      async collect() {
        const measures = await read();
        this.reset();
        for (const { labels, value } of values(measures)) this.set(labels, value);
      },
    });
  };
  gauge({ name: 'servers', help: 'Hosted servers by status', labelNames: ['status'] }, ({ servers }) =>
    servers.map(({ status, count }) => ({ labels: { status }, value: count })),
  );
  gauge({ name: 'rollouts_failed_hour', help: 'Rollouts that failed within an hour', labelNames: [] }, (measures) => [
    { labels: {}, value: measures.rolloutsFailedInHour },
  ]);
  gauge({ name: 'deliveries_failed_day', help: 'Webhooks that failed within a day', labelNames: [] }, (measures) => [
    { labels: {}, value: measures.deliveriesFailedInDay },
  ]);
  gauge({ name: 'jobs', help: 'Jobs by queue and state', labelNames: ['queue', 'state'] }, ({ jobs }) =>
    jobs.map(({ queue, state, count }) => ({ labels: { queue, state }, value: count })),
  );
  gauge({ name: 'job_wait_seconds', help: 'Longest wait of a job that is due', labelNames: ['queue'] }, ({ waits }) =>
    waits.map(({ queue, seconds }) => ({ labels: { queue }, value: seconds })),
  );
  return registry;
}

/** One read for all gauges of a scrape. */
function keptMeasures({ measures, now }: MetricsOptions): () => Promise<PlatformMeasures> {
  let kept: Promise<PlatformMeasures> | undefined;
  let until = 0;
  return () => {
    if (!kept || now().getTime() >= until) {
      until = now().getTime() + MEASURES_KEPT_MS;
      kept = measures.read();
      kept.catch(() => {
        kept = undefined;
      });
    }
    return kept;
  };
}
