import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpReply } from '../http/http-exchange.ts';
import type { Metrics } from './metrics.ts';

/** Answers one request for the metrics. */
export async function sendMetrics(metrics: Metrics, res: HttpReply): Promise<void> {
  const text = await metrics.render();
  res.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
  res.end(res.req.method === 'HEAD' ? undefined : text);
}

/**
 * `/metrics` on a port of its own, without a key: who can reach the port may read it.
 * @throws the system's error when the port cannot be listened on
 */
export async function serveMetrics(
  metrics: Metrics,
  { port, host }: { port: number; host: string },
): Promise<{ port: number; close: () => void }> {
  const server = createServer((req, res) => {
    if (!isMetricsRequest(req)) {
      res.writeHead(404, { 'content-type': 'application/problem+json' });
      res.end(JSON.stringify({ title: 'Nothing is served here but /metrics', status: 404 }));
      return;
    }
    sendMetrics(metrics, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function isMetricsRequest({ method, url }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && url?.split('?', 1)[0] === '/metrics';
}
