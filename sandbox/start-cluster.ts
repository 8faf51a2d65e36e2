import { join } from 'node:path';
import { createEventLog } from './event-log.ts';
import { createImageStore } from './images/image-store.ts';
import { type KubernetesSandbox, startKubernetes } from './kubernetes/kubernetes-server.ts';
import { readScaffoldObjects } from './scaffold-objects.ts';
import type { SandboxPorts } from './settings.ts';

/** A cluster to which an operator has applied the scaffold, so that Argo CD follows the deployments repository. */
export async function startCluster(
  dataDir: string,
  ports: SandboxPorts,
  scaffoldValues: Readonly<Record<string, string>>,
): Promise<KubernetesSandbox> {
  const kubernetes = await startEmptyCluster(dataDir, ports);
  await kubernetes.apply(await readScaffoldObjects(scaffoldValues));
  return kubernetes;
}

export function startEmptyCluster(dataDir: string, ports: SandboxPorts): Promise<KubernetesSandbox> {
  return startKubernetes({
    port: ports.kubernetes,
    gatewayPort: ports.gateway,
    dataDir: join(dataDir, 'kubernetes'),
    images: createImageStore(join(dataDir, 'images')),
    log: createEventLog(join(dataDir, 'kubernetes.log')),
  });
}
