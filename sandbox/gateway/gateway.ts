import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { forwardRequest, forwardUpgrade } from './forward-request.ts';
import {
  type GatewayError,
  malformedHost,
  noReadyPod,
  renderGatewayError,
  renderRawGatewayError,
  unknownHost,
  unknownPath,
} from './gateway-error.ts';
import { findRoute, isKnownHost, type Route } from './route-table.ts';

/** Where the gateway learns what leads where. */
export interface Routing {
  routes(): Route[] | Promise<Route[]>;
  /** Ports on 127.0.0.1 of the ready pods behind a route. */
  portsOf(route: Route): number[] | Promise<number[]>;
}

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
export async function startGateway(options: { port: number; routing: Routing }): Promise<Gateway> {
  const { routing } = options;
  const agent = new Agent({ keepAlive: true });
  const turns = new Map<string, number>();

  async function choose(request: IncomingMessage): Promise<{ ports: number[] } | { error: GatewayError }> {
    const host = hostOf(request);
    const path = /^[^?#]*/.exec(request.url ?? '/')?.[0] ?? '/';
    if (host === undefined) return { error: malformedHost() };
    const routes = await routing.routes();
    const route = findRoute(routes, host, path);
    if (route === undefined) return { error: isKnownHost(routes, host) ? unknownPath() : unknownHost(host) };
    return { ports: await inTurn(route) };
  }

  /** All ready pods, beginning with the one whose turn it is. */
  async function inTurn(route: Route): Promise<number[]> {
    const ports = await routing.portsOf(route);
    const key = `${route.namespace}/${route.service}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    const first = ports.length === 0 ? 0 : turn % ports.length;
    return [...ports.slice(first), ...ports.slice(0, first)];
  }

  /** A cluster that does not answer now has no pod to offer. */
  function chooseOrFail(request: IncomingMessage): ReturnType<typeof choose> {
    return choose(request).catch(() => ({ error: noReadyPod() }));
  }

  const server = createServer(async (request, response) => {
    const fail = (error: GatewayError) => answer(response, error);
    const chosen = await chooseOrFail(request);
    if ('error' in chosen) fail(chosen.error);
    else forwardRequest({ request, response, fail }, { ports: chosen.ports, agent });
  });
  // Streams of MCP stay open for as long as the client likes.
  server.requestTimeout = 0;
  server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const chosen = await chooseOrFail(request);
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
      agent.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
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
