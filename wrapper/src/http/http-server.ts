import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { CONNECTION_KEEP_ALIVE_MS, REQUEST_RECEIVE_TIMEOUT_MS } from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { ERROR } from '../protocol/json-rpc.ts';
import { Refusal, sendRefusal } from './refusal.ts';
import { refuseUpgrade } from './websocket-endpoint.ts';

export interface Routes {
  mcp(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** A WebSocket wants to be opened. */
  stream(req: IncomingMessage, connection: { socket: Duplex; head: Buffer }): void;
  health(req: IncomingMessage, res: ServerResponse): Promise<void>;
  ready(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** The HTTP server of the wrapper. Whatever goes wrong, the answer is JSON without a trace of the inside. */
export function createHttpServer(routes: Routes, log: Log): Server {
  const server = createServer(
    { keepAliveTimeout: CONNECTION_KEEP_ALIVE_MS, requestTimeout: REQUEST_RECEIVE_TIMEOUT_MS },
    (req, res) => {
      route(routes, req, res).catch((error: unknown) => {
        if (error instanceof Refusal) return sendRefusal(res, error);
        log.error('Request failed', { cause: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        if (res.headersSent) return res.destroy();
        const message = 'The wrapper failed to handle this request';
        sendRefusal(res, new Refusal({ status: 500, reason: 'internal', code: ERROR.internal, message }));
      });
    },
  );
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(req) === '/mcp/stream') return routes.stream(req, { socket, head });
    refuseUpgrade(socket, new Refusal({ status: 404, reason: 'not-found', message: NOTHING_HERE }));
  });
  server.on('clientError', answerBrokenRequest);
  return server;
}

const NOTHING_HERE = 'Nothing is served here: MCP is at /mcp and /mcp/stream, health at /health and /ready';

async function route(routes: Routes, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = pathOf(req);
  if (path === '/mcp' || path === '/mcp/') return await routes.mcp(req, res);
  if (req.method === 'GET' || req.method === 'HEAD') {
    if (path === '/health') return await routes.health(req, res);
    if (path === '/ready') return await routes.ready(req, res);
  }
  if (path === '/mcp/stream') {
    const message = 'This is a WebSocket endpoint: connect with ws:// or wss:// and the subprotocol "mcp"';
    throw new Refusal({ status: 426, reason: 'upgrade-required', message, headers: { upgrade: 'websocket' } });
  }
  throw new Refusal({ status: 404, reason: 'not-found', message: NOTHING_HERE });
}

function pathOf(req: IncomingMessage): string | undefined {
  return req.url?.split('?', 1)[0];
}

/** What the HTTP parser refused never becomes a request; Node would close without a body. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = BROKEN_REQUESTS[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request'];
  const body = new Refusal({ status: 400, reason: 'bad-request', code: ERROR.invalidRequest, message }).toJson(null);
  const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`);
}

const BROKEN_REQUESTS: Record<string, readonly [string, string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request was not sent in time'],
};
