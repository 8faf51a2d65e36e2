import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { LogReader } from '../kubelet/container-log.ts';
import { ApiError, statusOf } from '../store/api-error.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { type Access, type Caller, isAllowed } from './access.ts';
import { parseResourcePath } from './api-path.ts';
import { discoveryAt } from './discovery.ts';
import { openApiAt } from './openapi.ts';
import { accessOf, forbidden } from './request-access.ts';
import { sendJson } from './send-json.ts';
import { serveResource } from './serve-resource.ts';
import { ACCESS_REVIEW_PATH, serveAccessReview, serveTokenRequest, tokenRequestAt } from './serve-review.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export interface ApiServerOptions {
  store: ObjectStore;
  logs: LogReader;
  token: string;
  now: () => Date;
  /** Milliseconds between bookmarks of a watch; the API server sends one about every minute. */
  bookmarkMs: number;
  /** Tokens of service accounts, which may do what roles grant them. */
  tokens: ServiceAccountTokens;
  /** Told of every request for a resource, allowed or not. */
  onAccess?: ((caller: Caller, access: Access) => void) | undefined;
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
  const caller = callerOf(request, options);
  if (caller === undefined) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  if (request.method === 'POST') {
    const account = caller.kind === 'admin' ? tokenRequestAt(url.pathname) : undefined;
    if (account) return serveTokenRequest(options, account, response);
    if (url.pathname === ACCESS_REVIEW_PATH) {
      return serveAccessReview({ store: options.store, caller }, request, response);
    }
  }
  const path = parseResourcePath(url.pathname);
  if (path !== undefined) {
    const access = accessOf(request, path, url.searchParams);
    options.onAccess?.(caller, access);
    if (!isAllowed(options.store, caller, access)) throw forbidden(caller, access, path);
    return serveResource(options, { path, query: url.searchParams, request, response });
  }
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

/** @returns undefined without a token that is known */
function callerOf(
  request: IncomingMessage,
  { token, tokens }: Pick<ApiServerOptions, 'token' | 'tokens'>,
): Caller | undefined {
  const text = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const [given, wanted] = [Buffer.from(text), Buffer.from(token)];
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return { kind: 'admin' };
  const account = tokens.find(text);
  return account && { kind: 'service-account', ...account };
}

function parseUrl(target: string): URL {
  try {
    return new URL(target, 'http://127.0.0.1');
  } catch {
    throw new ApiError(400, 'BadRequest', 'malformed request target');
  }
}
