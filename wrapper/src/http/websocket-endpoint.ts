import type { IncomingMessage } from 'node:http';

import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Door } from '../door/door.ts';
import type { Principal } from '../door/principal.ts';
import type { PrincipalQuota } from '../door/principal-quota.ts';
import type { RateLimiter } from '../door/rate-limiter.ts';
import { SOCKET_PING_MS } from '../limits.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Instances } from '../sessions/instances.ts';
import type { LegacyRouter } from '../sessions/legacy-router.ts';
import type { ModernRouter } from '../sessions/modern-router.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Admission } from './admission.ts';
import type { HttpRequest } from './http-exchange.ts';
import type { OpenStreams } from './open-streams.ts';
import { Refusal, type RefusalReason } from './refusal.ts';
import { CLOSE, SocketConnection } from './socket-connection.ts';

export interface WebSocketOptions {
  door: Door;
  rates: RateLimiter;
  /** Requests in hand, by principal. */
  inHand: PrincipalQuota;
  legacy: LegacyRouter;
  modern: ModernRouter;
  sessions: SessionStore;
  instances: Instances;
  admission: Admission;
  streams: OpenStreams;
  onRefusal: (reason: RefusalReason) => void;
  bodyBytesMax: number;
  nestingDepthMax: number;
  sessionIdleMs: number;
  streamAgeMsMax: number;
  nowMs: () => number;
  callerOf: (principal: Principal, req: HttpRequest) => Caller;
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
  async upgrade(req: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): Promise<void> {
    const abandon = (): void => void socket.destroy();
    socket.on('error', abandon);
    try {
      const { door, admission, callerOf } = this.#options;
      const caller = callerOf(await door.admit(req), req);
      admission.checkDraining();
      checkProtocols(req);
      if (socket.destroyed) return;
      let end = abandon;
      this.#options.streams.hold(caller, { connection: socket, end: () => end() });
      socket.off('error', abandon);
      this.#server.handleUpgrade(req, socket, head, (webSocket) => {
        // The headers of the upgrade say nothing about the messages that come later.
        const connection = new SocketConnection({
          ...this.#options,
          webSocket,
          caller: { ...caller, headers: undefined },
        });
        this.#connections.add(connection);
        end = () => connection.close(CLOSE.policyViolation, 'The key or token is not good any more');
        webSocket.once('close', () => this.#connections.delete(connection));
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.onRefusal(error.reason);
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
