import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderCallbackPage } from './callback-page.ts';

const CALLBACK_PATH = '/callback';

export interface CallbackServer {
  redirectUri: string;
  /** Resolves with the first answer that carries `state`; others are turned away and waited past. */
  receive(state: string, signal: AbortSignal): Promise<Callback>;
  close(): void;
}

export interface Callback {
  params: URLSearchParams;
  /** Tells the person in the browser how it ended. */
  finish(page: { title: string; text: string }): void;
}

/**
 * Listens on this machine only, for the browser to come back to (RFC 8252, 7.3).
 * @param options.preferredUri the redirect URI of an earlier registration: some servers compare its port, too
 */
export async function startCallbackServer(options: { preferredUri: string | undefined }): Promise<CallbackServer> {
  const server = createServer({ requestTimeout: 10_000 });
  const host = await listen(server, options.preferredUri);
  const { port } = server.address() as AddressInfo;
  return {
    redirectUri: `http://${host.includes(':') ? `[${host}]` : host}:${port}${CALLBACK_PATH}`,
    receive: (state, signal) => receive({ server, state, signal }),
    close: () => {
      server.close();
      server.closeIdleConnections();
    },
  };
}

async function listen(server: Server, preferredUri: string | undefined): Promise<string> {
  const preferred = preferredUri === undefined ? undefined : new URL(preferredUri);
  const preferredHost = preferred?.hostname.replace(/^\[|\]$/g, '');
  const places = [
    ...(preferred && preferredHost ? [{ host: preferredHost, port: Number(preferred.port) }] : []),
    { host: '127.0.0.1', port: 0 },
    // A machine without IPv4 has this one.
    { host: '::1', port: 0 },
  ];
  let failure: unknown;
  for (const place of places) {
    try {
      server.listen({ ...place, exclusive: true });
      await once(server, 'listening');
      return place.host;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function receive(options: { server: Server; state: string; signal: AbortSignal }): Promise<Callback> {
  const { server, state, signal } = options;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    server.on('request', (req, res) => {
      const params = parseCallback(req);
      if (!params) return respond(res, 404, { title: 'Not found', text: 'There is nothing at this address.' });
      if (!isSame(params.get('state') ?? '', state)) {
        const text = 'This answer belongs to another sign-in, or to none. Go back to the tab that was opened last.';
        return respond(res, 400, { title: 'Not signed in', text });
      }
      resolve({ params, finish: (page) => respond(res, 200, page) });
    });
  });
}

function parseCallback(req: IncomingMessage): URLSearchParams | undefined {
  const target = req.url ?? '';
  if (req.method !== 'GET' || !URL.canParse(target, 'http://localhost')) return undefined;
  const url = new URL(target, 'http://localhost');
  return url.pathname === CALLBACK_PATH ? url.searchParams : undefined;
}

/** In constant time; by digest, since the lengths must be the same. */
function isSame(received: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(received), digest(expected));
}

function respond(res: ServerResponse, status: number, page: { title: string; text: string }): void {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    connection: 'close',
  });
  res.end(renderCallbackPage(page));
}
