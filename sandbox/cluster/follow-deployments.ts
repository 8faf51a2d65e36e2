import { setTimeout as delay } from 'node:timers/promises';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { UserError } from '../../src/domain/user-error.ts';
import { startGateway } from '../gateway/gateway.ts';
import { readScaffoldObjects } from '../scaffold-objects.ts';
import { applyObjects } from './apply-objects.ts';
import { createClusterRouting } from './cluster-routing.ts';
import type { Cluster } from './connect-cluster.ts';
import type { AdvertisedAddress } from './find-advertised-address.ts';
import { openGitDoorway } from './git-doorway.ts';
import { startRouteAcceptor } from './route-acceptor.ts';

export interface FollowingCluster {
  /** URL of the API server. */
  url: string;
  kubeconfigPath: string;
  gatewayUrl: string;
  close(): Promise<void>;
}

interface FollowOptions {
  cluster: Cluster;
  advertised: AdvertisedAddress;
  ports: { github: number; gateway: number };
  /** Base of the repositories on loopback. */
  gitUrl: string;
  /** What the placeholders of the scaffold stand for. */
  scaffoldValues: Readonly<Record<string, string>>;
  namespaces: ClusterNamespaces;
  /** The Gateway that overlays name. */
  gateway: { name: string; namespace: string };
  log: (line: string) => void;
}

interface ClusterNamespaces {
  servers: string;
  argocd: string;
}

const APPLICATION = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications', name: 'mcp-servers-base' };
const REFRESH = 'argocd.argoproj.io/refresh';
/** Argo CD looks at a new Application within seconds; a first clone of the scaffold takes a few more. */
const SYNC_MS_MAX = 120_000;
/** A repository that could not be read a moment ago may be readable now. */
const ERROR_MS_MAX = 20_000;
const LOOK_MS = 1_000;

/**
 * Does what an operator does by hand: applies the scaffold, so that Argo CD clones the deployments repository from here and
 * follows it; and opens a gateway on this machine to the servers in the cluster.
 * @throws UserError `cluster-advertise`, `cluster-argocd`
 */
export async function followDeployments(options: FollowOptions): Promise<FollowingCluster> {
  const { cluster, advertised, ports, gitUrl, namespaces, log } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const doorway = await openGitDoorway({ ...advertised, port: ports.github, gitUrl });
    closers.push(doorway.close);
    const acceptor = await startRouteAcceptor(cluster, {
      namespace: namespaces.servers,
      gateway: options.gateway,
      log,
    });
    closers.push(acceptor.close);
    await applyObjects(cluster, await readScaffoldObjects(options.scaffoldValues));
    await untilFollowed(cluster, namespaces.argocd, doorway.url);
    const routing = createClusterRouting(cluster, namespaces.servers);
    closers.push(routing.close);
    const gateway = await startGateway({ port: ports.gateway, routing });
    closers.push(gateway.close);
    return { url: cluster.server, kubeconfigPath: cluster.kubeconfigPath, gatewayUrl: gateway.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Waits until Argo CD has read the repository now: a cluster that cannot would let every deployment time out. An
 * Application of an earlier run still tells what was read then, so Argo CD is asked to look again, and believed after.
 */
async function untilFollowed(cluster: Cluster, namespace: string, url: string): Promise<void> {
  const begun = performance.now();
  let said: string | undefined;
  await askForRefresh(cluster, namespace);
  while (performance.now() - begun < SYNC_MS_MAX) {
    await delay(LOOK_MS);
    const { isRefreshing, isRead, problem } = await readBase(cluster, namespace);
    if (isRefreshing) continue;
    if (isRead) return;
    said = problem ?? said;
    if (problem !== undefined && performance.now() - begun > ERROR_MS_MAX) break;
    await askForRefresh(cluster, namespace);
  }
  if (said === undefined) throw argoCdIdle(namespace);
  throw new UserError(
    'cluster-advertise',
    `Cannot let Argo CD follow the deployments repository at ${url}: it says "${said.slice(0, MESSAGE_CHARACTERS_MAX)}", expected it to clone`,
    'Where it cannot connect, name an address of this machine that pods reach with --advertise HOST, and let the firewall pass it.',
  );
}

const MESSAGE_CHARACTERS_MAX = 500;

function argoCdIdle(namespace: string): UserError {
  return new UserError(
    'cluster-argocd',
    `Cannot follow the deployments repository: Argo CD does not look at Applications in namespace "${namespace}", expected its controllers to run`,
    `See what keeps them: kubectl --namespace ${namespace} get pods. Where Argo CD runs in another namespace, set ARGOCD_NAMESPACE.`,
  );
}

/** Argo CD takes the annotation away once it has looked. */
async function askForRefresh({ custom }: Cluster, namespace: string): Promise<void> {
  const body = { metadata: { annotations: { [REFRESH]: 'normal' } } };
  const options = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  await custom.patchNamespacedCustomObject({ ...APPLICATION, namespace, body }, options);
}

interface BaseApplication {
  metadata: { annotations?: Record<string, string> };
  status?: { sync?: { status?: string }; conditions?: { type: string; message: string }[] };
}

async function readBase({ custom }: Cluster, namespace: string) {
  const object = { ...APPLICATION, namespace };
  const { metadata, status }: BaseApplication = await custom.getNamespacedCustomObject(object);
  return {
    isRefreshing: metadata.annotations?.[REFRESH] !== undefined,
    isRead: status?.sync?.status === 'Synced',
    problem: status?.conditions?.find(({ type }) => type.endsWith('Error'))?.message,
  };
}
