import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createGitHub } from './adapters/github/create-github.ts';
import { createKubernetes } from './adapters/kubernetes/create-kubernetes.ts';
import { createEndpoints } from './adapters/mcp/create-endpoints.ts';
import { createPostgres } from './adapters/postgres/create-postgres.ts';
import { createApp } from './app.ts';
import { type Config, parseConfig } from './config.ts';
import { registerApi } from './inbound/api/register-api.ts';
import { createHttpServer } from './inbound/create-http-server.ts';
import { handleDelivery } from './inbound/handle-delivery.ts';
import { registerWebhooks } from './inbound/register-webhooks.ts';
import { serveMetrics } from './inbound/serve-metrics.ts';
import { watchApplications } from './inbound/watch-applications.ts';
import { probeKey } from './probe-key.ts';
import { readSetupFiles } from './setup-files.ts';
import { advanceServer } from './workflows/advance-server.ts';
import { createHostingService } from './workflows/hosting-service.ts';
import { mendDrift } from './workflows/mend-drift.ts';
import type { Platform } from './workflows/platform.ts';
import { reconcile } from './workflows/reconcile.ts';

/** Jobs of each kind that run at once in one replica. */
const WORKER_CONCURRENCY = 4;

/**
 * Runs the bot as the environment says, until it is told to stop; with a wrong environment it says what is wrong instead.
 *
 * @param onSignal takes over what ends the process: from then on it is the given function
 */
export async function startBot({ onSignal }: { onSignal(stop: () => Promise<void>): void }): Promise<void> {
  const parsed = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  if (parsed.ok) return onSignal(await run(parsed.config));
  const list = parsed.problems.map((problem) => `  - ${problem}`).join('\n');
  process.stderr.write(
    `Cannot start mcp-hosting: the configuration has ${parsed.problems.length} problem(s).\n${list}\nSee docs/configuration.md.\n`,
  );
  process.exitCode = 2;
}

/** @returns what stops it, having finished what is under way */
async function run(config: Config): Promise<() => Promise<void>> {
  const log = pino({
    level: config.logLevel,
    redact: ['privateKey', 'token', 'authorization', '*.authorization'],
    serializers: { error: pino.stdSerializers.err },
  });
  const postgres = await createPostgres({
    databaseUrl: config.databaseUrl,
    connectionsMax: config.databaseConnectionsMax,
    log,
  });
  await postgres.migrate();
  const kubernetes = createKubernetes({
    kubeconfigPath: config.kubeconfigPath,
    serversNamespace: config.serversNamespace,
    argocdNamespace: config.argocdNamespace,
    log,
  });
  const platform: Platform = {
    settings: {
      deploymentsRepository: config.deploymentsRepository,
      imageRepositoryTemplate: config.imageRepositoryTemplate,
      endpointUrlTemplate: config.endpointUrlTemplate,
      serversNamespace: config.serversNamespace,
      route: config.route,
      githubWebUrl: config.githubWebUrl,
      setupFiles: (branch) => readSetupFiles(config.deploymentsRepository, branch),
    },
    now: () => new Date(),
    uuid: randomUUID,
    randomBytes: (length) => randomBytes(length),
    probeKeyOf: (serverId) => probeKey(config.privateKey, serverId),
    log,
    ...createGitHub({
      appId: config.appId,
      privateKey: config.privateKey,
      apiUrl: config.githubApiUrl,
      requestTimeoutMs: config.githubRequestTimeoutMs,
      deploymentsRepository: config.deploymentsRepository,
      writeBudget: postgres.writeBudget,
      log,
    }),
    ...kubernetes,
    ...postgres,
    endpoints: createEndpoints({ log }),
  };
  const fastify = createHttpServer(log);
  await registerWebhooks(fastify, {
    app: createApp({ deliveryLog: postgres.deliveryLog, log }),
    deliveryLog: postgres.deliveryLog,
    log,
    appId: config.appId,
    privateKey: config.privateKey,
    secret: config.webhookSecret,
    apiUrl: config.githubApiUrl,
    logLevel: config.logLevel,
  });
  await registerApi(fastify, {
    service: createHostingService(platform),
    tokens: postgres.apiTokens,
    ready: () => postgres.ready(),
  });
  const workers = await postgres.startWorkers({
    concurrency: WORKER_CONCURRENCY,
    reconcileIntervalMs: config.reconcileIntervalMs,
    onDelivery: async (id) => {
      const delivery = await postgres.deliveryLog.read(id);
      if (delivery) await handleDelivery(platform, delivery);
    },
    onAdvance: (serverId) => advanceServer(platform, serverId),
    onReconcile: () => reconcile(platform),
    driftIntervalMs: config.driftIntervalMs,
    onDrift: () => mendDrift(platform),
  });
  const watching = new AbortController();
  watchApplications(platform, watching.signal);
  const metrics =
    config.metricsPort > 0
      ? await serveMetrics(
          { measures: postgres.measures, log, now: platform.now },
          { host: config.host, port: config.metricsPort },
        )
      : undefined;
  await fastify.listen({ host: config.host, port: config.port });
  await reconcile(platform);
  log.info({ port: config.port, deployments: config.deploymentsRepository }, 'mcp-hosting is ready');

  let stopping = false;
  return async () => {
    if (stopping) return;
    stopping = true;
    log.info({}, 'Stopping: what is under way is finished first');
    watching.abort();
    metrics?.close();
    metrics?.closeAllConnections();
    await fastify.close();
    await workers.stop();
    await postgres.close();
  };
}
