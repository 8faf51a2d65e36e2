import {
  type ApiConstructor,
  type ApiType,
  AppsV1Api,
  type ConfigurationOptions,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  Observable,
  type ObservableMiddleware,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import { UserError } from '../../domain/user-error.ts';
import { REQUEST_TIMEOUT_MS } from './cluster-limits.ts';
import { mapClusterError } from './map-cluster-error.ts';

export type CallOptions = ConfigurationOptions<ObservableMiddleware>;

export interface ClusterClient {
  apps: AppsV1Api;
  core: CoreV1Api;
  objects: CustomObjectsApi;
  watch: Watch;
  /** Any other API of the client, by its class. */
  api<Api extends ApiType>(type: ApiConstructor<Api>): Api;
  /** Runs one call with a time limit, its errors mapped. `options` go to the call as its last argument. */
  call<Result>(action: string, send: (options: CallOptions) => Promise<Result>): Promise<Result>;
  /** `call` for what carries values of Secrets: its errors hold nothing of what was sent or answered. */
  callSealed<Result>(action: string, send: (options: CallOptions) => Promise<Result>): Promise<Result>;
}

/**
 * @param kubeconfigPath absent: the service account of the pod that the bot runs in
 * @throws UserError `kubeconfig-unusable`
 */
export function createClusterClient(kubeconfigPath: string | undefined): ClusterClient {
  const config = loadConfig(kubeconfigPath);
  return {
    apps: config.makeApiClient(AppsV1Api),
    core: config.makeApiClient(CoreV1Api),
    objects: config.makeApiClient(CustomObjectsApi),
    watch: new Watch(config),
    api: (type) => config.makeApiClient(type),
    async call(action, send) {
      try {
        return await send(timeLimit());
      } catch (error) {
        throw mapClusterError(error, action);
      }
    },
    async callSealed(action, send) {
      try {
        return await send(timeLimit());
      } catch (error) {
        throw mapClusterError(error, action, { sealed: true });
      }
    },
  };
}

/** As `options`, for a merge patch: the client takes a JSON patch otherwise. */
export function asMergePatch(options: CallOptions): CallOptions {
  return setHeaderOptions('Content-Type', PatchStrategy.MergePatch, options);
}

/** The client has no time limit of its own. */
function timeLimit(): CallOptions {
  const middleware: ObservableMiddleware = {
    pre(request) {
      request.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
      return new Observable(Promise.resolve(request));
    },
    post: (response) => new Observable(Promise.resolve(response)),
  };
  return { middleware: [middleware], middlewareMergeStrategy: 'append' };
}

function loadConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromCluster();
    else config.loadFromFile(path);
  } catch (error) {
    // The parser's own words quote the file, which holds credentials.
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? 'it is not valid YAML');
  }
  if (!URL.canParse(config.getCurrentCluster()?.server ?? '')) throw unusable(path, 'it names no API server');
  return config;
}

function unusable(path: string | undefined, found: string): UserError {
  const message =
    path === undefined
      ? 'Cannot reach Kubernetes: KUBECONFIG is not set and this is no pod, expected one of both'
      : `Cannot use KUBECONFIG ${JSON.stringify(path)}: ${found}, expected a kubeconfig with a current context`;
  return new UserError(
    'kubeconfig-unusable',
    message,
    "Set KUBECONFIG to the path of a kubeconfig, or leave it out in the bot's own pod.",
  );
}
