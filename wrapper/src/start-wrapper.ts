import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDoor } from './door/create-door.ts';
import { childEnvironment, childMeta } from './door/forwarded-identity.ts';
import type { Principal } from './door/principal.ts';
import { PrincipalQuota } from './door/principal-quota.ts';
import { RateLimiter } from './door/rate-limiter.ts';
import { Admission } from './http/admission.ts';
import { checkLiveness, checkReadiness, type HealthOptions } from './http/health.ts';
import type { HttpRequest } from './http/http-exchange.ts';
import { createHttpServer } from './http/http-server.ts';
import { LegacyHttp } from './http/legacy-http.ts';
import { McpEndpoint } from './http/mcp-endpoint.ts';
import { ModernHttp } from './http/modern-http.ts';
import { OpenStreams } from './http/open-streams.ts';
import { Refusal } from './http/refusal.ts';
import { sendJson } from './http/send-json.ts';
import { WebSocketEndpoint } from './http/websocket-endpoint.ts';
import { SESSION_SWEEP_MS } from './limits.ts';
import type { Log } from './measure/log.ts';
import { createMetrics } from './measure/metrics.ts';
import { sendMetrics, serveMetrics } from './measure/serve-metrics.ts';
import { Traffic } from './measure/traffic.ts';
import type { WrapperOptions } from './options.ts';
import { ERROR } from './protocol/json-rpc.ts';
import type { Caller } from './sessions/caller.ts';
import { Instances, type InstancesOptions } from './sessions/instances.ts';
import { LegacyRouter } from './sessions/legacy-router.ts';
import { ModernRouter } from './sessions/modern-router.ts';
import { SessionStore } from './sessions/session-store.ts';

export interface WrapperParts {
  options: WrapperOptions;
  command: readonly string[];
  cwd: string;
  /** The child's environment, already without what is the wrapper's own. */
  env: NodeJS.ProcessEnv;
  log: Log;
  writeStderrLine: (text: string) => void;
  /**
   * The server has ended before it was ready so often that the wrapper is to end too: a container then restarts with the
   * back-off of its own, and its exits are counted where people look.
   */
  onStartFailed: (exit: string) => void;
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

  const metrics = createMetrics();
  const instances = createInstances(parts, { nowMs, observe: metrics.observeRequest });
  const sessions = new SessionStore({
    sessionsMax: options.sessionsMax,
    idleMs: options.sessionIdleMs,
    inputWaitMs: options.inputWaitMs,
    nowMs,
    onRemove: (session) => instances.release(session),
  });
  const legacy = new LegacyRouter(sessions);
  const modern = new ModernRouter(options);
  const streams = new OpenStreams({ perPrincipalMax: options.streamsPerKeyMax, nowMs: Date.now });
  const { door, keysFile } = createDoor(options, {
    log,
    nowMs: Date.now,
    onRevoked: (ids) => {
      for (const session of [...sessions.all()]) if (ids.has(session.principalId)) sessions.remove(session);
      streams.endOf(ids);
    },
  });
  const rates = new RateLimiter({ perMinute: options.rateLimitPerMinute, burst: options.rateLimitBurst, nowMs });
  const inHand = new PrincipalQuota(options.requestsPerKeyMax);
  const onRefusal = metrics.rejected;
  const callerOf = (principal: Principal, { headers }: HttpRequest): Caller => ({
    principalId: principal.id,
    expiresAtMs: principal.expiresAtMs,
    env: options.sessions === 'isolated' ? childEnvironment(principal, headers, options) : {},
    childMeta: childMeta(principal, headers, options),
    headers,
  });
  const admission = new Admission({ ...options, instances, isDraining });
  const shared = {
    ...options,
    log,
    door,
    rates,
    sessions,
    instances,
    admission,
    nowMs,
    callerOf,
    streams,
    inHand,
    onRefusal,
  };
  const sockets = new WebSocketEndpoint({ ...shared, legacy, modern });
  const endpoint = new McpEndpoint({
    ...shared,
    legacy: new LegacyHttp({ ...shared, router: legacy }),
    modern: new ModernHttp({ ...shared, router: modern }),
  });
  const health: HealthOptions = {
    instances,
    isDraining,
    timeoutMs: options.healthTimeoutMs,
    sessions: () => sessions.size,
  };
  const { server, close } = createHttpServer(
    {
      mcp: (req, res) => endpoint.handle(req, res),
      stream: (req, connection) => void sockets.upgrade(req, connection),
      health: async (_req, res) => {
        const { isAlive, health: state } = await checkLiveness(health);
        sendJson(res, isAlive ? 200 : 503, JSON.stringify(state));
      },
      ready: async (_req, res) => {
        const state = await checkReadiness(health);
        sendJson(res, state.status === 'ok' ? 200 : 503, JSON.stringify(state));
      },
      metrics: async (req, res) => {
        if (options.metricsPort !== 0 && !door.asksForCredential) throw notServedHere();
        await door.identify(req);
        await sendMetrics(metrics, res);
      },
      resource: door.resource,
    },
    { ...options, logsRequests: options.logLevel === 'debug', log, onRefusal, isDraining },
  );
  const traffic = new Traffic(server);
  metrics.watch({
    requestsInFlight: () => instances.callsInFlight,
    sessions: () => sessions.size,
    streams: () => streams.size,
    childRestarts: () => sum(instances.all(), ({ supervisor }) => supervisor.restarts),
    childGroups: () => [...instances.all()].flatMap(({ supervisor: { pid } }) => (pid === undefined ? [] : [pid])),
    bytes: () => traffic.bytes,
    isChildUp: () => instances.primary.supervisor.state.kind === 'ready',
    keyUses: () => door.keyUses,
  });
  const port = await listen(server, options);
  const own =
    options.metricsPort === 0
      ? undefined
      : await serveMetrics(metrics, { host: options.host, port: options.metricsPort });
  keysFile?.start();
  log.info('Listening', { host: options.host, port });
  instances.start();
  const sweeper = setInterval(
    () => {
      sessions.removeExpired();
      instances.removeIdle();
    },
    Math.min(SESSION_SWEEP_MS, options.sessionIdleMs),
  );

  return {
    port,
    kill: () => instances.kill(),
    drain: async () => {
      draining = true;
      log.info('Draining', { requestsInFlight: instances.callsInFlight, timeoutMs: options.drainTimeoutMs });
      clearInterval(sweeper);
      keysFile?.stop();
      for (const session of sessions.all()) session.endStandalone();
      modern.finishListens();
      sockets.drain();
      const all = [...instances.all()];
      await Promise.all(all.map(({ relay }) => relay.whenIdle(options.drainTimeoutMs)));
      const message = 'The MCP server was shut down before it answered';
      for (const { relay } of all) relay.failAll({ code: ERROR.internal, message });
      // Calls that wait for their client in between two tries are none of the server's.
      for (const session of sessions.all()) session.endQuestions();
      await instances.stop();
      sockets.closeAll();
      await close();
      own?.close();
      log.info('Stopped');
    },
  };
}

function notServedHere(): Refusal {
  return new Refusal({ status: 404, reason: 'not-found', message: 'The metrics are served on a port of their own' });
}

function sum<T>(items: Iterable<T>, numberOf: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += numberOf(item);
  return total;
}

function createInstances(
  parts: WrapperParts,
  { nowMs, observe }: Pick<InstancesOptions, 'nowMs' | 'observe'>,
): Instances {
  const { options, command, cwd, env } = parts;
  return new Instances({
    ...options,
    ...parts,
    nowMs,
    observe,
    command: { command, cwd, env, lineBytesMax: options.lineBytesMax },
    onFailedToStart: (exit, times) => {
      if (options.startAttemptsMax > 0 && times >= options.startAttemptsMax) parts.onStartFailed(exit);
    },
  });
}

async function listen(server: Server, { port, host }: WrapperOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  return (server.address() as AddressInfo).port;
}
