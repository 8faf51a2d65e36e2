import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { LogReader } from '../kubelet/container-log.ts';
import { ApiError, statusOf } from '../store/api-error.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { parseResourcePath } from './api-path.ts';
import { discoveryAt } from './discovery.ts';
import { openApiAt } from './openapi.ts';
import { sendJson } from './send-json.ts';
import { serveResource } from './serve-resource.ts';

export interface ApiServerOptions {
  store: ObjectStore;
  logs: LogReader;
  token: string;
  now: () => Date;
  /** Milliseconds between bookmarks of a watch; the API server sends one about every minute. */
  bookmarkMs: number;
  /** POST /argocd/api/webhook. Open to all, as Argo CD's is without a shared secret: it only makes us look at git. */
  onPushWebhook: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  log: (line: string) => void;
}

/** The API server's HTTP side. Every error is a `Status` object. */
export function createApiServer(options: ApiServerOptions): RequestListener {
  return (request, response) => {
    response.on('error', () => response.destroy());
    answer(options, request, response).catch((error: unknown) => {
      if (!(error instanceof ApiError)) {
        options.log(`${request.method} ${request.url} failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
      sendError(response, error instanceof ApiError ? error : new ApiError(500, 'InternalError', 'internal error'));
    });
  };
}

async function answer(options: ApiServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = parseUrl(request.url ?? '/');
  if (url.pathname === '/argocd/api/webhook') return options.onPushWebhook(request, response);
  if (['/livez', '/readyz', '/healthz'].includes(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  if (!isAuthorized(request, options.token)) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  const path = parseResourcePath(url.pathname);
  if (path !== undefined) return serveResource(options, { path, query: url.searchParams, request, response });
  const document = discoveryAt(url.pathname) ?? openApiAt(url.pathname);
  if (document === undefined || request.method !== 'GET') {
    throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  }
  sendJson(response, 200, document);
}

function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.code === 413) response.setHeader('connection', 'close');
  sendJson(response, error.code, statusOf(error));
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function parseUrl(target: string): URL {
  try {
    return new URL(target, 'http://127.0.0.1');
  } catch {
    throw new ApiError(400, 'BadRequest', 'malformed request target');
  }
}
