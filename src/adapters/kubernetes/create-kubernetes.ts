import type { AccessKeyFiles, Applications, SecretInventory, ServerSecrets, Workloads } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import { createAccessKeyFiles } from './access-key-files.ts';
import { createApplications } from './applications.ts';
import { createClusterClient } from './cluster-client.ts';
import { APPLICATIONS } from './list-applications.ts';
import { listServerSecrets } from './list-server-secrets.ts';
import { createServerSecrets } from './server-secrets.ts';
import { createWorkloads } from './workloads.ts';

export interface KubernetesOptions {
  /** Absent: the service account of the pod that the bot runs in. */
  kubeconfigPath?: string | undefined;
  /** Where hosted servers run. */
  serversNamespace: string;
  argocdNamespace: string;
  log: Log;
}

export interface Kubernetes {
  applications: Applications;
  workloads: Workloads;
  serverSecrets: ServerSecrets;
  accessKeyFiles: AccessKeyFiles;
  secretInventory: SecretInventory;
  /** Whether the API server answers and lets the bot read Applications. Never throws. */
  ready(): Promise<boolean>;
}

/** @throws Error when the kubeconfig cannot be read */
export function createKubernetes(options: KubernetesOptions): Kubernetes {
  const { serversNamespace, argocdNamespace: namespace, log } = options;
  const client = createClusterClient(options.kubeconfigPath);
  return {
    applications: createApplications(client, namespace, log),
    workloads: createWorkloads(client, serversNamespace),
    serverSecrets: createServerSecrets(client, serversNamespace),
    accessKeyFiles: createAccessKeyFiles(client, serversNamespace),
    secretInventory: { listServerSecrets: () => listServerSecrets(client, serversNamespace) },
    async ready() {
      try {
        await client.call('list one Application', (call) =>
          client.objects.listNamespacedCustomObject({ ...APPLICATIONS, namespace, limit: 1 }, call),
        );
        return true;
      } catch (error) {
        log.warn({ err: error }, 'Kubernetes is not ready');
        return false;
      }
    },
  };
}
