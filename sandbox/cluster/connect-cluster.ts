import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ApiException,
  ApisApi,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
} from '@kubernetes/client-node';
import { UserError } from '../../src/domain/user-error.ts';

export interface ClusterSettings {
  /** Path of the kubeconfig. */
  kubeconfig: string;
  /** Absent: the kubeconfig's current one. */
  context?: string | undefined;
  /** Absent: what the cluster says of itself (`local-registry-hosting`). */
  registry?: string | undefined;
  /** Name or address under which pods reach this machine; absent: found out. */
  advertise?: string | undefined;
}

/** A cluster that answers. */
export interface Cluster {
  config: KubeConfig;
  /** URL of the API server. */
  server: string;
  /** Holds the chosen context alone, for the bot and for people. */
  kubeconfigPath: string;
  apis: ApisApi;
  core: CoreV1Api;
  custom: CustomObjectsApi;
  objects: KubernetesObjectApi;
}

/** An API server that has not answered by then is not there. */
const ANSWER_MS_MAX = 10_000;

/** @throws UserError `cluster-kubeconfig`, `cluster-unreachable` */
export async function connectCluster(settings: ClusterSettings, dataDir: string): Promise<Cluster> {
  const config = loadConfig(settings);
  const server = config.getCurrentCluster()?.server ?? '';
  await requireAnswer(config, server);
  const kubeconfigPath = join(dataDir, 'kubeconfig');
  await writeFile(kubeconfigPath, config.exportConfig(), { mode: 0o600 });
  await chmod(kubeconfigPath, 0o600);
  return {
    config,
    server,
    kubeconfigPath,
    apis: config.makeApiClient(ApisApi),
    core: config.makeApiClient(CoreV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
    objects: KubernetesObjectApi.makeApiClient(config),
  };
}

/** @returns undefined where the cluster has no such object */
export async function absentAsUndefined<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

function loadConfig({ kubeconfig, context }: ClusterSettings): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw kubeconfigError(`"${kubeconfig}" cannot be read (${(error as Error).message})`, { cause: error });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(config.getCurrentContext()) || !config.getCurrentCluster()) {
    const asked = config.getCurrentContext() ? `no context "${config.getCurrentContext()}"` : 'no current context';
    throw kubeconfigError(`"${kubeconfig}" has ${asked}, only ${names.join(', ') || 'none at all'}`);
  }
  return config;
}

function kubeconfigError(said: string, options?: ErrorOptions): UserError {
  return new UserError(
    'cluster-kubeconfig',
    `Cannot use the cluster: ${said}, expected a kubeconfig with a context to use`,
    'Name a file that kubectl works with, and the context with --context; for kind: kind get kubeconfig > FILE.',
    options,
  );
}

async function requireAnswer(config: KubeConfig, server: string): Promise<void> {
  const answer = config.makeApiClient(ApisApi).getAPIVersions();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${ANSWER_MS_MAX / 1000} s`)), ANSWER_MS_MAX);
  try {
    await Promise.race([answer, late]);
  } catch (error) {
    const refused = error instanceof ApiException && (error.code === 401 || error.code === 403);
    throw new UserError(
      'cluster-unreachable',
      `Cannot reach the cluster at ${server}: ${refused ? `it answers ${error.code}` : describe(error)}, expected its API server to answer`,
      refused
        ? 'Renew the credentials of the kubeconfig; kubectl get nodes shows whether they work.'
        : 'Start the cluster, or choose another with --context; kubectl get nodes shows whether it answers.',
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
