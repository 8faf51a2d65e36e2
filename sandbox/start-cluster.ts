import { join } from 'node:path';
import { createEventLog } from './event-log.ts';
import type { ContainerRuntime } from './kubernetes/kubelet/container-runtime.ts';
import { type KubernetesSandbox, startKubernetes } from './kubernetes/kubernetes-server.ts';
import { readScaffoldObjects } from './scaffold-objects.ts';
import type { SandboxPorts } from './settings.ts';

interface ClusterOptions {
  dataDir: string;
  ports: SandboxPorts;
  runtime: ContainerRuntime;
}

/** A cluster to which an operator has applied the scaffold, so that Argo CD follows the deployments repository. */
export async function startCluster(
  options: ClusterOptions,
  scaffoldValues: Readonly<Record<string, string>>,
): Promise<KubernetesSandbox> {
  const kubernetes = await startEmptyCluster(options);
  await kubernetes.apply(await readScaffoldObjects(scaffoldValues));
  return kubernetes;
}

export function startEmptyCluster({ dataDir, ports, runtime }: ClusterOptions): Promise<KubernetesSandbox> {
  return startKubernetes({
    port: ports.kubernetes,
    gatewayPort: ports.gateway,
    dataDir: join(dataDir, 'kubernetes'),
    runtime,
    log: createEventLog(join(dataDir, 'kubernetes.log')),
  });
}
