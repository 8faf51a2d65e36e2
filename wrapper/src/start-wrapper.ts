import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChildSupervisor } from './child/child-supervisor.ts';
import { createDoor } from './door/create-door.ts';
import { PrincipalQuota } from './door/principal-quota.ts';
import { RateLimiter } from './door/rate-limiter.ts';
import { checkHealth } from './http/health.ts';
import { createHttpServer } from './http/http-server.ts';
import { McpEndpoint } from './http/mcp-endpoint.ts';
import { Refusal, sendJson } from './http/refusal.ts';
import { SESSION_SWEEP_MS } from './limits.ts';
import type { Log } from './measure/log.ts';
import { createMetrics } from './measure/metrics.ts';
import { sendMetrics, serveMetrics } from './measure/serve-metrics.ts';
import type { WrapperOptions } from './options.ts';
import { ERROR } from './protocol/json-rpc.ts';
import { ClientMessages } from './sessions/client-messages.ts';
import { NotificationRouter } from './sessions/notification-router.ts';
import { Relay } from './sessions/relay.ts';
import { SessionStore } from './sessions/session-store.ts';
import { SharedState } from './sessions/shared-state.ts';

export interface WrapperParts {
  options: WrapperOptions;
  command: readonly string[];
  cwd: string;
  /** The child's environment, already without what is the wrapper's own. */
  env: NodeJS.ProcessEnv;
  log: Log;
  writeStderrLine: (text: string) => void;
  /**
   * The server went before it was ever ready. Whoever started the wrapper is to see that as a failed start: a container
   * then restarts with the back-off of its own, and its exits are counted where people look.
   */
  onNeverReady: (exit: string) => void;
}

export interface RunningWrapper {
  port: number;
  /** Finishes what is in hand, stops the child, closes every connection. Resolves when all that is done. */
  drain(): Promise<void>;
  /** Kills the child's process group, for an exit without drain. */
  kill(): void;
}

/**
 * Listens first, so that `/health` can tell about the start, then starts the child.
 * @throws the system's error when the port cannot be listened on
 */
export async function startWrapper(parts: WrapperParts): Promise<RunningWrapper> {
  const { options, log } = parts;
  let draining = false;
  const isDraining = (): boolean => draining;
  const nowMs = (): number => performance.now();

  const sessions: SessionStore = new SessionStore({
    sessionsMax: options.sessionsMax,
    idleMs: options.sessionIdleMs,
    nowMs,
    onRemove: (session) => clientMessages.forget(session),
  });
  const shared = new SharedState({ sessions: () => sessions.all() });
  const notifications = new NotificationRouter({ sessions: () => sessions.all(), shared });
  const relay: Relay = new Relay({
    requestTimeoutMs: options.requestTimeoutMs,
    send: (line) => supervisor.send(line),
    notifications,
  });
  const supervisor: ChildSupervisor = createSupervisor(parts, { relay, restore: () => clientMessages.restore() });
  const clientMessages: ClientMessages = new ClientMessages({ supervisor, relay, shared });

  const metrics = createMetrics();
  metrics.watch({
    requestsInFlight: () => relay.callsInFlight,
    sessions: () => sessions.size,
    streams: () => [...sessions.all()].filter((session) => session.hasStream).length,
    childRestarts: () => supervisor.restarts,
    childGroups: () => (supervisor.pid === undefined ? [] : [supervisor.pid]),
    isChildUp: () => supervisor.state.kind === 'ready',
  });
  const { door, keysFile } = createDoor(options, {
    log,
    nowMs: Date.now,
    onRevoked: (ids) => {
      for (const session of [...sessions.all()]) if (ids.has(session.principal)) sessions.remove(session);
    },
  });
  const endpoint = new McpEndpoint({
    ...options,
    door,
    rates: new RateLimiter({ perMinute: options.rateLimitPerMinute, burst: options.rateLimitBurst, nowMs }),
    streams: new PrincipalQuota(options.streamsPerKeyMax),
    inHand: new PrincipalQuota(options.requestsPerKeyMax),
    onRefusal: metrics.rejected,
    sessions,
    supervisor,
    relay,
    clientMessages,
    isDraining,
  });
  const server = createHttpServer(
    {
      mcp: (req, res) => endpoint.handle(req, res),
      health: async (_req, res) => {
        const health = await checkHealth({
          supervisor,
          isDraining,
          timeoutMs: options.healthTimeoutMs,
          sessions: () => sessions.size,
          requestsInFlight: () => relay.callsInFlight,
        });
        sendJson(res, health.status === 'ok' ? 200 : 503, JSON.stringify(health));
      },
      metrics: async (req, res) => {
        if (options.metricsPort !== 0) throw notServedHere();
        await door.identify(req);
        await sendMetrics(metrics, res);
      },
      resource: door.resource,
    },
    { ...options, logsRequests: options.logLevel === 'debug', log, onRefusal: metrics.rejected },
  );
  const port = await listen(server, options);
  const own =
    options.metricsPort === 0
      ? undefined
      : await serveMetrics(metrics, { host: options.host, port: options.metricsPort });
  keysFile?.start();
  log.info('Listening', { host: options.host, port });
  supervisor.start();
  const sweeper = setInterval(() => sessions.removeExpired(), Math.min(SESSION_SWEEP_MS, options.sessionIdleMs));

  return {
    port,
    kill: () => supervisor.kill(),
    drain: async () => {
      draining = true;
      log.info('Draining', { requestsInFlight: relay.callsInFlight, timeoutMs: options.drainTimeoutMs });
      clearInterval(sweeper);
      keysFile?.stop();
      for (const session of sessions.all()) session.endStream();
      await relay.whenIdle(options.drainTimeoutMs);
      relay.failAll({ code: ERROR.internal, message: 'The MCP server was shut down before it answered' });
      await supervisor.stop();
      await close(server);
      own?.close();
      log.info('Stopped');
    },
  };
}

function notServedHere(): Refusal {
  return new Refusal({ status: 404, reason: 'not-found', message: 'The metrics are served on a port of their own' });
}

function createSupervisor(
  parts: WrapperParts,
  { relay, restore }: { relay: Relay; restore: () => void },
): ChildSupervisor {
  const { lineBytesMax, startTimeoutMs } = parts.options;
  const supervisor: ChildSupervisor = new ChildSupervisor(
    { ...parts, lineBytesMax, startTimeoutMs },
    {
      ready: () => {
        if (supervisor.restarts > 0) restore();
      },
      lost: (exit) => {
        const data = { reason: 'child-exited' };
        relay.failAll({ code: ERROR.internal, message: `The MCP server ${exit} before it answered`, data });
      },
      neverReady: parts.onNeverReady,
      response: (id, response) => relay.receiveResponse(id, response),
      oversizedResponse: (id, bytes) => {
        const message = `The MCP server answered with ${bytes} bytes, more than the ${lineBytesMax} allowed`;
        if (id !== undefined) relay.fail(id, { code: ERROR.internal, message });
      },
      notification: (notification) => relay.receiveNotification(notification),
    },
  );
  return supervisor;
}

async function listen(server: Server, { port, host }: WrapperOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Answers that are being written get out; idle keep-alive connections would keep the server open. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(timer);
}
