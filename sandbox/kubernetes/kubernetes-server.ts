import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../gateway/gateway.ts';
import { createStoreRouting } from '../gateway/store-routing.ts';
import type { Access, Caller } from './api/access.ts';
import { createApiServer } from './api/api-server.ts';
import { loadCredentials, writeKubeconfig } from './api/credentials.ts';
import { startLoopbackServer } from './api/loopback-server.ts';
import { ServiceAccountTokens } from './api/service-account-tokens.ts';
import { applyManifests } from './apply-manifests.ts';
import { startArgoCd } from './argocd/argocd.ts';
import { startCleanupController } from './controllers/cleanup-controller.ts';
import { startDeploymentController } from './controllers/deployment-controller.ts';
import { startRouteStatusController } from './controllers/route-status-controller.ts';
import { startScaledObjectController } from './controllers/scaled-object-controller.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { ContainerLogs } from './kubelet/container-log.ts';
import type { ContainerRuntime } from './kubelet/container-runtime.ts';
import { startKubelet } from './kubelet/kubelet.ts';
import { defaultRestartTimes, type RestartTimes } from './kubelet/restart-back-off.ts';
import { createObjectFiles } from './store/object-files.ts';
import { ObjectStore } from './store/object-store.ts';

export interface KubernetesSandbox {
  /** Base URL without TLS. The kubeconfig has the one with TLS, on the same port. */
  url: string;
  kubeconfigPath: string;
  gatewayUrl: string;
  /** Creates or updates objects as `kubectl apply` would. @throws ApiError */
  apply(manifests: object[]): Promise<void>;
  /** Ends everything; no process is left. */
  close(): Promise<void>;
}

export interface KubernetesOptions {
  /** 0: any free one. */
  port: number;
  gatewayPort: number;
  dataDir: string;
  runtime: ContainerRuntime;
  log: (line: string) => void;
  /** Milliseconds between looks at git (3000); Argo CD takes 3 minutes. */
  gitPollMs?: number;
  /** Milliseconds between bookmarks of a watch (60000). */
  bookmarkMs?: number;
  restartTimes?: RestartTimes;
  /** Told of every request for a resource: who wants to do what. */
  onAccess?: (caller: Caller, access: Access) => void;
}

/**
 * A cluster of one machine: API server, Argo CD's controllers, kubelet and gateway, with its state under `dataDir`.
 * What was running when it ended runs again.
 *
 * @throws Error when another one has the data directory, and listen errors (`EADDRINUSE`) as they are
 */
export async function startKubernetes(options: KubernetesOptions): Promise<KubernetesSandbox> {
  const { dataDir, runtime, log } = options;
  const now = () => new Date();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const closers: (() => void | Promise<void>)[] = [lockDataDir(dataDir)];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const ended = await runtime.endLeftovers();
    if (ended > 0) log(`Ended ${ended} containers that a former run left behind`);
    const store = new ObjectStore({ files: createObjectFiles(join(dataDir, 'objects'), log), now });
    const podsDir = join(dataDir, 'pods');
    const logs = new ContainerLogs({ dir: podsDir, now });
    const credentials = loadCredentials(dataDir, now());
    const argoCd = startArgoCd({ store, dir: join(dataDir, 'git'), pollMs: options.gitPollMs ?? 3000, now, log });
    closers.push(() => argoCd.close());
    const onRequest = createApiServer({
      store,
      logs,
      token: credentials.token,
      tokens: new ServiceAccountTokens(),
      onAccess: options.onAccess,
      now,
      bookmarkMs: options.bookmarkMs ?? 60_000,
      onPushWebhook: argoCd.receivePush,
      log,
    });
    const api = await startLoopbackServer({ port: options.port, certificate: credentials, onRequest });
    closers.push(() => api.close());
    const routing = createStoreRouting(store);
    closers.push(routing.close);
    const gateway = await startGateway({ port: options.gatewayPort, routing });
    closers.push(() => gateway.close());
    applyManifests(store, firstNamespaces);
    const controllers = [
      startCleanupController,
      startDeploymentController,
      startRouteStatusController,
      startScaledObjectController,
    ];
    for (const start of controllers) {
      const controller = start({ store, now, log });
      closers.push(() => controller.close());
    }
    const restartTimes = options.restartTimes ?? defaultRestartTimes;
    const kubelet = startKubelet({ store, runtime, logs, podsDir, times: restartTimes, now }, log);
    closers.push(() => kubelet.close());
    return {
      url: `http://127.0.0.1:${api.port}`,
      kubeconfigPath: writeKubeconfig(dataDir, api.port, credentials),
      gatewayUrl: gateway.url,
      apply: async (manifests) => applyManifests(store, manifests),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What every cluster has, and the namespace that an installation of Argo CD makes. */
const firstNamespaces = ['default', 'kube-system', 'argocd'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
}));
