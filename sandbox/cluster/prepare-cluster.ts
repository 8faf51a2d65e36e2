import { UserError } from '../../src/domain/user-error.ts';
import type { ContainerPlatform } from '../container-platform.ts';
import { createDockerBuilder } from '../docker/docker-builder.ts';
import type { Engine } from '../docker/find-engine.ts';
import { type Cluster, type ClusterSettings, connectCluster } from './connect-cluster.ts';
import { type AdvertisedAddress, findAdvertisedAddress } from './find-advertised-address.ts';
import { findClusterRegistry } from './find-cluster-registry.ts';
import { requireClusterParts } from './require-cluster-parts.ts';

export interface PreparedCluster {
  cluster: Cluster;
  /** `host:port` of the registry, as images are named. */
  registry: string;
  advertised: AdvertisedAddress;
  builder: ContainerPlatform['builder'];
}

/**
 * Finds everything that hosting on a real cluster takes before anything is started or changed there.
 * @throws UserError for the first thing that is missing
 */
export async function prepareCluster(
  settings: ClusterSettings,
  options: { dataDir: string; engine: Engine | undefined; argocdNamespace: string },
): Promise<PreparedCluster> {
  const { engine, dataDir, argocdNamespace } = options;
  if (!engine) throw engineNeeded();
  const cluster = await connectCluster(settings, dataDir);
  await requireClusterParts(cluster, argocdNamespace);
  const registry = await findClusterRegistry(cluster, settings.registry);
  const { server } = cluster;
  const advertised = await findAdvertisedAddress({ server, engine: engine.client, asked: settings.advertise });
  const builder = createDockerBuilder({ engine: engine.client, registry: { address: registry }, hostEnv: process.env });
  return { cluster, registry, advertised, builder };
}

function engineNeeded(): UserError {
  return new UserError(
    'engine-missing',
    'Cannot build images for the cluster: no Docker Engine is there, expected one of this machine',
    'Start Docker, or set DOCKER_HOST.',
  );
}
