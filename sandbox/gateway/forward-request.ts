import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { badGateway, type GatewayError, noReadyPod, renderRawGatewayError } from './gateway-error.ts';

/** Headers that belong to one connection (RFC 9110, section 7.6.1). */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/**
 * Sends a request to one of the ports and streams both bodies as they come. A port that takes no connection, because its
 * process has just ended, is passed over for the next one.
 */
export function forwardRequest(
  call: { request: IncomingMessage; response: ServerResponse; fail: (error: GatewayError) => void },
  options: { ports: number[]; agent: Agent },
): void {
  const { request: incoming, response, fail } = call;
  const [port, ...others] = options.ports;
  if (port === undefined) return fail(noReadyPod());
  let isConnected = false;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: forwardedHeaders(incoming),
    agent: options.agent,
    setHost: false,
  });
  outgoing.on('socket', (socket) => {
    const begin = () => {
      isConnected = true;
      incoming.pipe(outgoing);
    };
    if (socket.connecting) socket.once('connect', begin);
    else begin();
  });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHopByHop(answer.headers));
    response.flushHeaders();
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    answer.on('aborted', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else if (!isConnected) forwardRequest(call, { ...options, ports: others });
    else {
      fail(badGateway());
      // What still comes of the body stands before the next request of this connection.
      incoming.unpipe(outgoing).resume();
    }
  });
  response.on('close', () => outgoing.destroy());
}

/** Connects a WebSocket, or whatever else the client upgrades to, with the first port that takes it. */
export function forwardUpgrade(
  call: { request: IncomingMessage; socket: Duplex; head: Buffer },
  ports: number[],
): void {
  const { request: incoming, socket, head } = call;
  const [port, ...others] = ports;
  if (port === undefined) {
    socket.end(renderRawGatewayError(noReadyPod()));
    return;
  }
  const headers = { ...forwardedHeaders(incoming), connection: 'Upgrade', upgrade: incoming.headers.upgrade };
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path: incoming.url ?? '/',
    headers,
    agent: false,
    setHost: false,
  });
  outgoing.on('upgrade', (answer, upstream, upstreamHead) => {
    socket.write(rawHead(answer));
    socket.write(upstreamHead);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    for (const [end, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      end.on('error', () => other.destroy());
      end.on('close', () => other.destroy());
    }
  });
  outgoing.on('response', (answer) => {
    socket.write(rawHead(answer, 'close'));
    answer.pipe(socket);
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') forwardUpgrade(call, others);
    else socket.end(renderRawGatewayError(badGateway()));
  });
  socket.on('close', () => outgoing.destroy());
  outgoing.end();
}

function forwardedHeaders(incoming: IncomingMessage): IncomingHttpHeaders {
  const chain = [incoming.headers['x-forwarded-for'], incoming.socket.remoteAddress].flat().filter(Boolean).join(', ');
  const headers = {
    ...withoutHopByHop(incoming.headers),
    'x-forwarded-for': chain,
    'x-forwarded-host': incoming.headers.host,
    'x-forwarded-proto': 'http',
  };
  const hasBody = incoming.headers['transfer-encoding'] !== undefined;
  return hasBody ? { ...headers, 'transfer-encoding': 'chunked' } : headers;
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.includes(name) && !named.includes(name)),
  );
}

/** Status line and headers as they came; without the length of chunks, which were taken apart. */
function rawHead(answer: IncomingMessage, connection?: 'close'): string {
  const lines: string[] = [];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    if (connection !== undefined && hopByHop.includes(name.toLowerCase())) continue;
    lines.push(`${name}: ${answer.rawHeaders[index + 1]}`);
  }
  if (connection !== undefined) lines.push(`connection: ${connection}`);
  return `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`;
}
