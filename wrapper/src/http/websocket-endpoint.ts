import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Door, Principal } from '../door/door.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import { SOCKET_PING_MS } from '../limits.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Instances } from '../sessions/instances.ts';
import type { LegacyRouter } from '../sessions/legacy-router.ts';
import type { ModernRouter } from '../sessions/modern-router.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Admission } from './admission.ts';
import { Refusal } from './refusal.ts';
import { CLOSE, SocketConnection } from './socket-connection.ts';

export interface WebSocketOptions {
  door: Door;
  rates: RateLimiter;
  legacy: LegacyRouter;
  modern: ModernRouter;
  sessions: SessionStore;
  instances: Instances;
  admission: Admission;
  bodyBytesMax: number;
  sessionIdleMs: number;
  nowMs: () => number;
  callerOf: (principal: Principal, req: IncomingMessage) => Caller;
}

/** `WS /mcp/stream`: JSON-RPC text frames of both eras, a transport of our own (`docs/websocket.md`). */
export class WebSocketEndpoint {
  readonly #options: WebSocketOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<SocketConnection>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: WebSocketOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.bodyBytesMax,
      clientTracking: false,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has('mcp') ? 'mcp' : false),
    });
    this.#timer = setInterval(() => this.#checkAll(), Math.min(SOCKET_PING_MS, options.sessionIdleMs));
    this.#timer.unref();
  }

  get size(): number {
    return this.#connections.size;
  }

  /** The same door as for POST, before the connection is made. */
  upgrade(req: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): void {
    try {
      const { door, admission, callerOf } = this.#options;
      const caller = callerOf(door.admit(req), req);
      admission.checkDraining();
      checkProtocols(req);
      this.#server.handleUpgrade(req, socket, head, (webSocket) => {
        const connection = new SocketConnection({ ...this.#options, webSocket, caller });
        this.#connections.add(connection);
        webSocket.once('close', () => this.#connections.delete(connection));
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuseUpgrade(socket, error);
    }
  }

  /** Ends every connection once its requests have their answers. */
  drain(): void {
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.drain();
  }

  closeAll(): void {
    for (const connection of this.#connections) connection.close(CLOSE.goingAway, 'The server is shutting down');
  }

  #checkAll(): void {
    for (const connection of this.#connections) connection.check();
  }
}

/** A client that names subprotocols must name ours, or it would be closed by its own library without a word. */
function checkProtocols(req: IncomingMessage): void {
  const offered = req.headers['sec-websocket-protocol'];
  if (offered === undefined || offered.split(',').some((name) => name.trim() === 'mcp')) return;
  throw new Refusal({ status: 400, reason: 'bad-request', message: 'The WebSocket subprotocol here is "mcp"' });
}

/** An HTTP answer by hand: an upgrade has no response object. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = refusal.toJson(null);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
