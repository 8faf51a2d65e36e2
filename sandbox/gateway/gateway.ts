import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ObjectStore } from '../kubernetes/store/object-store.ts';
import { typeOf } from '../kubernetes/store/resource-type.ts';
import { backendsOf } from './backends.ts';
import { forwardRequest, forwardUpgrade } from './forward-request.ts';
import {
  type GatewayError,
  malformedHost,
  renderGatewayError,
  renderRawGatewayError,
  unknownHost,
  unknownPath,
} from './gateway-error.ts';
import { throughInterceptor } from './interceptor-routes.ts';
import { findRoute, isKnownHost, type Route, routesOf } from './route-table.ts';

export interface Gateway {
  url: string;
  close(): Promise<void>;
}

/**
 * What a Gateway or ingress controller does for a cluster: takes HTTP on one port of 127.0.0.1 and sends it, by host name,
 * to the ready pods of a Service in turn.
 *
 * @throws the listen error (`EADDRINUSE`) as it is
 */
export async function startGateway(options: { port: number; store: ObjectStore }): Promise<Gateway> {
  const { store } = options;
  const agent = new Agent({ keepAlive: true });
  const turns = new Map<string, number>();
  let routes = readRoutes(store);
  const unsubscribe = store.subscribe(({ resource }) => {
    if (ROUTING_KINDS.includes(resource.kind)) routes = readRoutes(store);
  });

  function choose(request: IncomingMessage): { ports: number[] } | { error: GatewayError } {
    const host = hostOf(request);
    const path = /^[^?#]*/.exec(request.url ?? '/')?.[0] ?? '/';
    if (host === undefined) return { error: malformedHost() };
    const route = findRoute(routes, host, path);
    if (route === undefined) return { error: isKnownHost(routes, host) ? unknownPath() : unknownHost(host) };
    return { ports: inTurn(route) };
  }

  /** All ready pods, beginning with the one whose turn it is. */
  function inTurn(route: Route): number[] {
    const ports = backendsOf(store, route);
    const key = `${route.namespace}/${route.service}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    const first = ports.length === 0 ? 0 : turn % ports.length;
    return [...ports.slice(first), ...ports.slice(0, first)];
  }

  const server = createServer((request, response) => {
    const fail = (error: GatewayError) => answer(response, error);
    const chosen = choose(request);
    if ('error' in chosen) fail(chosen.error);
    else forwardRequest({ request, response, fail }, { ports: chosen.ports, agent });
  });
  // Streams of MCP stay open for as long as the client likes.
  server.requestTimeout = 0;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const chosen = choose(request);
    if ('error' in chosen) socket.end(renderRawGatewayError(chosen.error));
    else forwardUpgrade({ request, socket, head }, chosen.ports);
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(renderRawGatewayError(malformedHost()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      unsubscribe();
      agent.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Services among them: one may stand for KEDA's interceptor. */
const ROUTING_KINDS = ['HTTPRoute', 'Ingress', 'InterceptorRoute', 'Service'];

function readRoutes(store: ObjectStore): Route[] {
  const routes = routesOf([...store.list(typeOf('HTTPRoute')), ...store.list(typeOf('Ingress'))]);
  return throughInterceptor(routes, store);
}

function answer(response: ServerResponse, error: GatewayError): void {
  if (response.headersSent || response.destroyed) return;
  const { headers, body } = renderGatewayError(error);
  response.writeHead(error.status, headers).end(body);
}

/** The name of the Host header, without port; undefined when it is none. */
function hostOf(request: IncomingMessage): string | undefined {
  const host = /^([\w.*-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.exec(request.headers.host ?? '')?.[1];
  return host?.replace(/\.$/, '');
}
