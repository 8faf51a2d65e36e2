import { join } from 'node:path';
import { botEnvironment } from './bot-environment.ts';
import { startBot } from './bot-process.ts';
import { checkPorts } from './check-ports.ts';
import type { ClusterSettings } from './cluster/connect-cluster.ts';
import { followDeployments } from './cluster/follow-deployments.ts';
import { type PreparedCluster, prepareCluster } from './cluster/prepare-cluster.ts';
import { type ContainerPlatform, createDirectoryPlatform } from './container-platform.ts';
import { startDockerPlatform } from './docker/docker-platform.ts';
import type { Engine } from './docker/find-engine.ts';
import { PROCESS_DIRECTORIES } from './end-leftovers.ts';
import { readEngineRecord, writeEngineRecord } from './engine-record.ts';
import { createEventLog } from './event-log.ts';
import { keepApiToken } from './keep-api-token.ts';
import { startPostgres } from './postgres/postgres-server.ts';
import { removeSandboxFile, type SandboxFile, writeSandboxFile } from './sandbox-file.ts';
import { portsFrom, type SandboxPart, type SandboxPorts } from './settings.ts';
import { startCluster, startEmptyCluster } from './start-cluster.ts';
import { APP_ID, DEPLOYMENTS_REPOSITORY, scaffoldValues, startForge } from './start-forge.ts';

/** One part that came up: a line for people. */
interface StartedPart {
  name: string;
  address: string;
  detail?: string;
  tookMs: number;
}

export interface Sandbox {
  file: SandboxFile;
  ports: SandboxPorts;
  /** Ends every process that was started, in the reverse order. Safe to call twice. */
  close(): Promise<void>;
}

export interface SandboxOptions {
  port: number;
  dataDir: string;
  /** Builds and runs containers; absent: directories and processes of this machine do. */
  engine?: Engine | undefined;
  /** A real cluster with Argo CD; absent: the sandbox's own. */
  cluster?: ClusterSettings | undefined;
  /** Aborted: no further part is started, and those that were are ended. */
  signal?: AbortSignal;
  /** Called before and after each part, for the terminal. */
  onStarting(name: string): void;
  onStarted(part: StartedPart): void;
  /** Extra variables of the bot, for tests: shorter intervals and timeouts. */
  botEnv?: Readonly<Record<string, string>>;
}

/** Brings up PostgreSQL, a registry where an engine is, GitHub, Kubernetes with Argo CD and the gateway, and the bot as its own process. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const ports = portsFrom(options.port);
  await checkPorts({ ...ports });
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await startParts(options, ports, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: SandboxOptions,
  ports: SandboxPorts,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Sandbox> {
  const stage = stageTimer(options);
  const postgres = await stage(
    'PostgreSQL',
    () => startDatabase(options, ports),
    ({ url }) => ({ address: hostOf(url) }),
  );
  closers.push(postgres.close);
  const where = options.cluster
    ? await onRealCluster(options.cluster, options, { ports, stage, closers })
    : await onOwnCluster(options, { ports, stage, closers });
  const github = await stage(
    'GitHub (sandbox)',
    () => startForge({ dataDir: options.dataDir, ports, builder: where.builder, cloneUrl: where.cloneUrl }),
    ({ url }) => ({
      address: url,
      detail: DEPLOYMENTS_REPOSITORY,
    }),
  );
  closers.push(github.close);
  const kubernetes = await stage(
    'Kubernetes + Argo CD',
    () => where.follow(github.gitUrl),
    ({ url, gatewayUrl }) => ({
      address: url,
      detail: `gateway ${gatewayUrl}`,
    }),
  );
  closers.push(kubernetes.close);
  const { registry } = where;
  const env = await botEnvironment(options.dataDir, ports, { github, kubernetes, databaseUrl: postgres.url, registry });
  const apiUrl = `http://127.0.0.1:${ports.bot}`;
  const bot = await stage(
    'mcp-hosting',
    () =>
      startBot({
        env: { ...env, ...options.botEnv },
        url: apiUrl,
        logFile: join(options.dataDir, 'bot.log'),
        processDir: join(options.dataDir, PROCESS_DIRECTORIES.bot),
        log: createEventLog(join(options.dataDir, 'sandbox.log')),
      }),
    () => ({ address: apiUrl }),
  );
  closers.push(bot.close);
  const file: SandboxFile = {
    githubUrl: github.url,
    githubGraphqlUrl: github.graphqlUrl,
    gitUrl: github.gitUrl,
    userToken: github.userToken,
    appId: github.appId,
    apiUrl,
    apiToken: await keepApiToken(options.dataDir, apiUrl, postgres.url),
    gatewayUrl: kubernetes.gatewayUrl,
    kubeconfig: kubernetes.kubeconfigPath,
    databaseUrl: postgres.url,
    keysFile: join(options.dataDir, 'access-keys.json'),
    deploymentsRepository: DEPLOYMENTS_REPOSITORY,
    botEnvironment: { ...env, ...options.botEnv },
  };
  options.signal?.throwIfAborted();
  await writeSandboxFile(options.dataDir, file);
  closers.push(() => removeSandboxFile(options.dataDir));
  return { file, ports, close };
}

/** Where servers run, and how what is built gets there. */
interface Where {
  builder: ContainerPlatform['builder'];
  /** Base of the repositories as Argo CD clones them; absent: on loopback. */
  cloneUrl?: string;
  /** Registry that images are named after; absent: GitHub's, which the sandbox stands for. */
  registry?: string;
  /** Has Argo CD follow the deployments repository. */
  follow(gitUrl: string): Promise<{ url: string; gatewayUrl: string; kubeconfigPath: string; close(): Promise<void> }>;
}

interface Starting {
  ports: SandboxPorts;
  stage: Stage;
  closers: (() => Promise<void>)[];
}

async function onOwnCluster(options: SandboxOptions, { ports, stage, closers }: Starting): Promise<Where> {
  const { dataDir } = options;
  const platform = await startContainerPlatform(options, stage);
  closers.push(platform.close);
  return {
    builder: platform.builder,
    follow: (gitUrl) => startCluster({ dataDir, ports, runtime: platform.runtime }, scaffoldValues(gitUrl)),
  };
}

async function onRealCluster(settings: ClusterSettings, options: SandboxOptions, starting: Starting): Promise<Where> {
  const { ports, stage } = starting;
  const { dataDir, botEnv = {} } = options;
  const namespaces = {
    servers: botEnv.SERVERS_NAMESPACE ?? 'mcp-servers',
    argocd: botEnv.ARGOCD_NAMESPACE ?? 'argocd',
  };
  const prepared: PreparedCluster = await stage(
    'Cluster',
    () => prepareCluster(settings, { dataDir, engine: options.engine, argocdNamespace: namespaces.argocd }),
    ({ cluster, registry, advertised }) => ({
      address: cluster.server,
      detail: `images in ${registry}; pods reach this machine as ${advertised.host}`,
    }),
  );
  const { cluster, advertised, registry, builder } = prepared;
  const cloneUrl = `http://${advertised.host}:${ports.github}`;
  const gateway = { name: botEnv.GATEWAY_NAME ?? 'mcp', namespace: botEnv.GATEWAY_NAMESPACE ?? 'gateway' };
  const log = createEventLog(join(dataDir, 'kubernetes.log'));
  const values = scaffoldValues(cloneUrl);
  return {
    builder,
    cloneUrl,
    registry,
    follow: (gitUrl) =>
      followDeployments({ cluster, advertised, ports, gitUrl, scaffoldValues: values, namespaces, gateway, log }),
  };
}

/** One part alone, so that it can be used with a real cluster or the real GitHub. */
export async function startPart(part: SandboxPart, options: SandboxOptions): Promise<{ close(): Promise<void> }> {
  const ports = portsFrom(options.port);
  const stage = stageTimer(options);
  switch (part) {
    case 'postgres':
      await checkPorts({ postgres: ports.postgres });
      return stage(
        'PostgreSQL',
        () => startDatabase(options, ports),
        ({ url }) => ({ address: hostOf(url), detail: url }),
      );
    case 'github':
      await checkPorts({ github: ports.github });
      return withPlatform(options, stage, (platform) =>
        stage(
          'GitHub (sandbox)',
          () => startForge({ dataDir: options.dataDir, ports, builder: platform.builder }),
          ({ url }) => ({
            address: url,
            detail: `App ${APP_ID}; webhooks go to http://127.0.0.1:${ports.bot}; credentials in ${join(options.dataDir, 'github')}`,
          }),
        ),
      );
    case 'kubernetes':
      await checkPorts({ kubernetes: ports.kubernetes, gateway: ports.gateway });
      return withPlatform(options, stage, ({ runtime }) =>
        stage(
          'Kubernetes + Argo CD',
          () => startEmptyCluster({ dataDir: options.dataDir, ports, runtime }),
          ({ url, gatewayUrl, kubeconfigPath }) => ({
            address: url,
            detail: `gateway ${gatewayUrl}; KUBECONFIG=${kubeconfigPath}`,
          }),
        ),
      );
  }
}

/** Starts a part that builds or runs; what it builds or runs with ends after it. */
async function withPlatform(
  options: SandboxOptions,
  stage: Stage,
  start: (platform: ContainerPlatform) => Promise<{ close(): Promise<void> }>,
): Promise<{ close(): Promise<void> }> {
  const platform = await startContainerPlatform(options, stage);
  try {
    const part = await start(platform);
    return { close: () => part.close().finally(platform.close) };
  } catch (error) {
    await platform.close();
    throw error;
  }
}

async function startContainerPlatform(options: SandboxOptions, stage: Stage): Promise<ContainerPlatform> {
  const { engine, dataDir } = options;
  if (!engine) return createDirectoryPlatform(dataDir);
  await writeEngineRecord(dataDir, { ...(await readEngineRecord(dataDir)), address: engine.address });
  const platform = await stage(
    'Docker Engine',
    () => startDockerPlatform({ engine, dataDir, log: createEventLog(join(dataDir, 'registry.log')) }),
    ({ registryAddress, registryKind }) => ({
      address: engine.address,
      detail: `${engine.version}; images in ${registryAddress} (${registryKind})`,
    }),
  );
  await writeEngineRecord(dataDir, { address: engine.address, registry: platform.registryAddress });
  return platform;
}

type Stage = ReturnType<typeof stageTimer>;

function stageTimer(options: SandboxOptions) {
  return async <T>(
    name: string,
    start: () => Promise<T>,
    describe: (part: T) => { address: string; detail?: string },
  ): Promise<T> => {
    options.signal?.throwIfAborted();
    options.onStarting(name);
    const begun = performance.now();
    const part = await start();
    options.onStarted({ name, tookMs: performance.now() - begun, ...describe(part) });
    return part;
  };
}

function startDatabase(options: SandboxOptions, ports: SandboxPorts) {
  const log = createEventLog(join(options.dataDir, 'postgres.log'));
  return startPostgres({ port: ports.postgres, dataDir: join(options.dataDir, 'postgres'), log });
}

function hostOf(url: string): string {
  return new URL(url).host;
}
