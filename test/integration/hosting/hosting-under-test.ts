import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import Fastify, { type FastifyBaseLogger, type InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createKubernetes } from '../../../src/adapters/kubernetes/create-kubernetes.ts';
import type { Postgres } from '../../../src/adapters/postgres/create-postgres.ts';
import type { HostedServer } from '../../../src/domain/hosted-server.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { registerApi } from '../../../src/inbound/api/register-api.ts';
import { answerUnroutable } from '../../../src/inbound/api/route-not-found.ts';
import { createHostingService } from '../../../src/workflows/hosting-service.ts';
import type { Platform } from '../../../src/workflows/platform.ts';
import { startTestCluster, type TestCluster } from '../../sandbox-kubernetes/test-cluster.ts';
import { newRollout, newServer } from '../postgres/fixtures.ts';
import { type TestPostgres, useTestPostgres } from '../postgres/test-postgres.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

export const NAMESPACE = 'mcp-servers';

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came.
  body: any;
  text: string;
}

/** The bot's API on a real database and the sandbox's API server, without GitHub. */
export interface HostingUnderTest {
  postgres: Postgres;
  databaseUrl: string;
  platform: Platform;
  cluster: TestCluster;
  core: CoreV1Api;
  proxy: FaultProxy;
  /** Every line that the bot logged, as it is written. */
  logged: string[];
  /** How far the bot's clock is ahead; tests move it. */
  clock: { aheadMs: number };
  /** What wrappers would tell of their keys. */
  uses: Map<string, Date>;
  call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** A server that was hosted: its row, its rollout, what was deployed of it. */
  addServer(serverId: string, config?: Partial<OverlayInput['config']>): Promise<HostedServer>;
  readSecret(name: string): Promise<Record<string, string>>;
  query(text: string): Promise<Record<string, unknown>[]>;
  /** All that is in the database, as text. */
  dump(): Promise<string>;
}

/** Runs PostgreSQL and the cluster for the tests of one file. */
export function useHosting(start: {
  beforeAll: (work: () => Promise<void>) => void;
  afterAll: (work: () => Promise<void>) => void;
}): () => Promise<HostingUnderTest> {
  const tests = useTestPostgres();
  let cluster: TestCluster;
  start.beforeAll(async () => {
    cluster = await startTestCluster();
  });
  const closers: (() => Promise<unknown>)[] = [];
  start.afterAll(async () => {
    for (const close of closers) await close();
    await cluster.close();
  });
  return async () => {
    const opened = await open(tests, cluster);
    closers.push(() => opened.close());
    return opened.hosting;
  };
}

async function open(tests: TestPostgres, cluster: TestCluster) {
  const { postgres, databaseUrl } = await tests.open();
  const proxy = await startFaultProxy(cluster.sandbox.kubeconfigPath);
  const logged: string[] = [];
  const log = pino({ level: 'trace', serializers: { error: pino.stdSerializers.err } }, sink(logged));
  const clock = { aheadMs: 0 };
  const uses = new Map<string, Date>();
  const kubernetes = createKubernetes({
    kubeconfigPath: proxy.kubeconfigPath,
    serversNamespace: NAMESPACE,
    argocdNamespace: 'argocd',
    log,
  });
  const platform = {
    ...kubernetes,
    ...postgres,
    log,
    now: () => new Date(Date.now() + clock.aheadMs),
    uuid: randomUUID,
    randomBytes: (length: number) => randomBytes(length),
    probeKeyOf: (serverId: string) => `mcp_probe_${serverId}`,
    endpoints: { keyUses: async () => uses },
  } as unknown as Platform;
  const logger: FastifyBaseLogger = log;
  const fastify = Fastify({ loggerInstance: logger, frameworkErrors: answerUnroutable, bodyLimit: 1024 * 1024 });
  const token = await postgres.apiTokens.create('kim');
  await registerApi(fastify, {
    service: createHostingService(platform),
    tokens: postgres.apiTokens,
    ready: async () => true,
  });
  const config = new KubeConfig();
  config.loadFromFile(cluster.sandbox.kubeconfigPath);
  const core = config.makeApiClient(CoreV1Api);
  const hosting: HostingUnderTest = {
    postgres,
    databaseUrl,
    platform,
    cluster,
    core,
    proxy,
    logged,
    clock,
    uses,
    async call(method, path, body) {
      const options: InjectOptions = { method, url: `/api/hosting${path}` };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fastify.inject({ ...options, headers, ...(body === undefined ? {} : { payload: text }) });
      return { status: response.statusCode, text: response.body, body: JSON.parse(response.body) };
    },
    addServer: (serverId, config) => addServer(postgres, serverId, config),
    async readSecret(name) {
      const { data = {} } = await core.readNamespacedSecret({ namespace: NAMESPACE, name });
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fromBase64(value)]));
    },
    query: (text) => tests.query(databaseUrl, text),
    dump: () => dump(tests, databaseUrl),
  };
  return {
    hosting,
    async close() {
      await fastify.close();
      await proxy.close();
    },
  };
}

async function addServer(
  postgres: Postgres,
  serverId: string,
  config: Partial<OverlayInput['config']> = {},
): Promise<HostedServer> {
  const base = newServer();
  const server = await postgres.hostedServers.create({
    ...base,
    serverId,
    endpointUrl: `https://${serverId}.mcp.example.com/mcp`,
    source: { ...base.source, repositoryId: Math.floor(Math.random() * 1e9) },
  });
  const rollout = newRollout(server);
  const wanted = { ...rollout.config, ...config };
  const deployed = { serverId, replicas: 1, config: wanted } as OverlayInput;
  await postgres.rollouts.start({ ...rollout, config: wanted }, `test:${serverId}`, {
    status: 'running',
    envVars: wanted.env,
    source: { deployed },
  });
  return server;
}

async function dump(tests: TestPostgres, databaseUrl: string): Promise<string> {
  const tables = await tests.query(
    databaseUrl,
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
  );
  const rows = await Promise.all(
    tables.map(({ table_schema: schema, table_name: name }) =>
      tests.query(databaseUrl, `SELECT to_jsonb(t)::text AS row FROM "${schema}"."${name}" AS t`),
    ),
  );
  return JSON.stringify(rows);
}

function sink(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}

function fromBase64(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}
