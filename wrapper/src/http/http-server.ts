import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkHeaders } from '../door/check-headers.ts';
import type { ProtectedResource } from '../door/protected-resource.ts';
import { CLOSE_MS_MAX, CONNECTION_KEEP_ALIVE_MS, REQUEST_RECEIVE_TIMEOUT_MS } from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { requestIdOf } from '../measure/request-id.ts';
import { ERROR } from '../protocol/json-rpc.ts';
import { closingWhen } from './closing-response.ts';
import { cutSlowReaders } from './cut-slow-readers.ts';
import { discardBody } from './discard-body.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import { PlainConnections } from './plain-connections.ts';
import { Refusal, type RefusalReason, sendRefusal } from './refusal.ts';
import { sendJson } from './send-json.ts';
import { refuseUpgrade } from './websocket-endpoint.ts';

export interface Routes {
  mcp(req: HttpRequest, res: HttpReply): Promise<void> | undefined;
  /** A WebSocket wants to be opened. */
  stream(req: IncomingMessage, connection: { socket: Duplex; head: Buffer }): void;
  health(req: HttpRequest, res: HttpReply): Promise<void>;
  ready(req: HttpRequest, res: HttpReply): Promise<void>;
  metrics(req: HttpRequest, res: HttpReply): Promise<void>;
  /** The OAuth metadata, where there is some. */
  resource: ProtectedResource | undefined;
}

export interface HttpServerOptions {
  headerBytesMax: number;
  headersMax: number;
  connectionsMax: number;
  /** Whether each request gets a log line. */
  logsRequests: boolean;
  log: Log;
  onRefusal: (reason: RefusalReason) => void;
  /** From then on each answer is the last one of its connection, and says so. */
  isDraining: () => boolean;
}

export interface HttpServer {
  /** To listen with. */
  server: Server;
  /** Takes no more connections; answers that are in hand get out first. */
  close(): Promise<void>;
}

/** The HTTP server of the wrapper. Whatever goes wrong, the answer is JSON without a trace of the inside. */
export function createHttpServer(routes: Routes, options: HttpServerOptions): HttpServer {
  const { headerBytesMax, headersMax, connectionsMax, isDraining } = options;
  const answer = (req: HttpRequest, res: HttpReply): void => answerRequest(routes, { req, res, options });
  const server = createServer(
    {
      keepAliveTimeout: CONNECTION_KEEP_ALIVE_MS,
      requestTimeout: REQUEST_RECEIVE_TIMEOUT_MS,
      maxHeaderSize: headerBytesMax,
      // `checkHeaders` says so in JSON.
      requireHostHeader: false,
      ServerResponse: closingWhen(isDraining),
    },
    answer,
  );
  server.maxConnections = connectionsMax;
  // One more than are taken, so that `checkHeaders` sees that there were more.
  server.maxHeadersCount = headersMax + 1;
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      checkHeaders(req, headersMax);
      if (pathOf(req) === '/mcp/stream') return routes.stream(req, { socket, head });
      refuseUpgrade(socket, new Refusal({ status: 404, reason: 'not-found', message: NOTHING_HERE }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuseUpgrade(socket, error);
    }
  });
  server.on('checkExpectation', (_req: IncomingMessage, res: ServerResponse) => {
    options.onRefusal('bad-request');
    const message = 'No expectation but 100-continue is met here';
    sendRefusal(res, new Refusal({ status: 417, reason: 'bad-request', code: ERROR.invalidRequest, message }));
  });
  server.on('clientError', answerBrokenRequest);
  const plain = new PlainConnections(server, { headerBytesMax, headersMax, isDraining, onRequest: answer });
  cutSlowReaders(server, (cut) => options.log.warn('Slow readers cut: too many bytes wait for them', cut));
  return { server, close: () => closeServer(server, plain) };
}

function answerRequest(
  routes: Routes,
  { req, res, options }: { req: HttpRequest; res: HttpReply; options: HttpServerOptions },
): void {
  const { headersMax, logsRequests, log } = options;
  const requestId = requestIdOf(req.headers);
  res.setHeader('x-request-id', requestId);
  if (logsRequests) logWhenDone(req, res, { requestId, log });
  const fail = (error: unknown): void => void answerFailure(error, { req, res, requestId, options });
  try {
    route(routes, { req, res, headersMax })?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

async function answerFailure(
  error: unknown,
  parts: { req: HttpRequest; res: HttpReply; requestId: string; options: HttpServerOptions },
): Promise<void> {
  const { req, res, requestId, options } = parts;
  const { log } = options;
  if (error instanceof Refusal) {
    options.onRefusal(error.reason);
    log.debug('Request refused', { requestId, reason: error.reason, status: error.status });
    await discardBody(req);
    return sendRefusal(res, error);
  }
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('Request failed', { requestId, cause });
  if (res.headersSent) return void res.destroy();
  const message = 'The wrapper failed to handle this request';
  sendRefusal(res, new Refusal({ status: 500, reason: 'internal', code: ERROR.internal, message }));
}

/** Idle keep-alive connections would keep the server open. */
async function closeServer(server: Server, plain: PlainConnections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  plain.end();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    plain.destroy();
  }, CLOSE_MS_MAX);
  await closed;
  clearTimeout(timer);
}

const NOTHING_HERE = 'Nothing is served here: MCP is at /mcp and /mcp/stream, health at /health and /ready';

/** @throws Refusal, or rejects with it */
function route(
  routes: Routes,
  { req, res, headersMax }: { req: HttpRequest; res: HttpReply; headersMax: number },
): Promise<void> | undefined {
  checkHeaders(req, headersMax);
  const path = pathOf(req);
  if (path === '/mcp' || path === '/mcp/') return routes.mcp(req, res);
  if (req.method === 'GET' || req.method === 'HEAD') {
    if (path === '/health') return routes.health(req, res);
    if (path === '/ready') return routes.ready(req, res);
    if (path === '/metrics') return routes.metrics(req, res);
    if (routes.resource?.isMetadataPath(path)) {
      sendMetadata(res, routes.resource);
      return undefined;
    }
  }
  if (path === '/mcp/stream') {
    const message = 'This is a WebSocket endpoint: connect with ws:// or wss:// and the subprotocol "mcp"';
    throw new Refusal({ status: 426, reason: 'upgrade-required', message, headers: { upgrade: 'websocket' } });
  }
  throw new Refusal({ status: 404, reason: 'not-found', message: NOTHING_HERE });
}

function pathOf(req: HttpRequest): string {
  return req.url?.split('?', 1)[0] ?? '';
}

/** Public by nature; MCP clients in browsers read it too. */
function sendMetadata(res: HttpReply, { metadata }: ProtectedResource): void {
  sendJson(res, 200, metadata, { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' });
}

/** The path without its query, and nothing of the body. */
function logWhenDone(req: HttpRequest, res: HttpReply, { requestId, log }: { requestId: string; log: Log }): void {
  const startedAtMs = performance.now();
  res.once('close', () => {
    const ms = Math.round(performance.now() - startedAtMs);
    const path = req.url?.split('?', 1)[0];
    log.debug('Request done', { requestId, method: req.method, path, status: res.statusCode, ms });
  });
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
