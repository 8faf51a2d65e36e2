import type { V1Pod } from '@kubernetes/client-node';
import { redactValues } from '../../domain/reports/redact-values.ts';
import type { Workloads } from '../../ports/cluster.ts';
import { absentAsUndefined } from './absent-as-undefined.ts';
import { boundedMessage } from './bounded-message.ts';
import { asMergePatch, type ClusterClient } from './cluster-client.ts';
import { ITEMS_MAX, LINE_CHARACTERS_MAX, LOG_BYTES_MAX } from './cluster-limits.ts';
import { statusOf } from './map-cluster-error.ts';
import { parseDeployment } from './parse-deployment.ts';
import { CONTAINER, parsePod } from './parse-pod.ts';
import { readSecretValues } from './server-secrets.ts';

/** As kubectl writes it, with milliseconds: two restarts in one second are two. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** A kubelet syncs a pod that changes at once, and with it the Secrets that it mounts. */
const FILES_RENEWED_AT = 'mcp-hosting.dev/files-renewed-at';

export function createWorkloads(client: ClusterClient, namespace: string): Workloads {
  return {
    async pods(serverId) {
      const pods = await listPods(client, namespace, serverId);
      return pods.map(parsePod);
    },
    async deployment(serverId) {
      const object = await absentAsUndefined(
        client.call(`read the Deployment of "${serverId}"`, (options) =>
          client.apps.readNamespacedDeployment({ namespace, name: `mcp-${serverId}` }, options),
        ),
      );
      return object === undefined ? undefined : parseDeployment(object);
    },
    async logs(serverId, { lines, previous = false }) {
      const [newest] = await listPods(client, namespace, serverId);
      const name = newest?.metadata?.name;
      if (name === undefined) return [];
      const text = await readLog(client, { namespace, name, lines, previous });
      const written = text.split('\n').filter((line) => line !== '');
      // Before lines are cut: half of a value would not be found. Read last, so that one that was just set is among them.
      const values = await readSecretValues(client, namespace, serverId);
      return redactValues(written.slice(-lines), values).map((line) =>
        boundedMessage(line.slice(0, LINE_CHARACTERS_MAX)),
      );
    },
    restart: (serverId, at) => restart(client, { namespace, name: `mcp-${serverId}`, at }),
    async renewFiles(serverId, at) {
      const pods = await listPods(client, namespace, serverId);
      const names = pods.flatMap(({ metadata }) => metadata?.name ?? []);
      await Promise.all(names.map((name) => renewFiles(client, { namespace, name, at })));
    },
  };
}

/** A Deployment at zero, stopped or idle, starts with what is new by itself. */
async function restart(
  client: ClusterClient,
  { namespace, name, at }: { namespace: string; name: string; at: Date },
): Promise<boolean> {
  const present = await absentAsUndefined(
    client.call(`read Deployment "${name}"`, (options) =>
      client.apps.readNamespacedDeployment({ namespace, name }, options),
    ),
  );
  if (!present || present.spec?.replicas === 0) return false;
  const annotations = { [RESTARTED_AT]: at.toISOString() };
  const body = { spec: { template: { metadata: { annotations } } } };
  const patched = await absentAsUndefined(
    client.call(`restart Deployment "${name}"`, (options) =>
      client.apps.patchNamespacedDeployment({ namespace, name, body }, asMergePatch(options)),
    ),
  );
  return patched !== undefined;
}

/** A pod that went in the meantime needs nothing: the next one starts with what is new. */
async function renewFiles(
  client: ClusterClient,
  { namespace, name, at }: { namespace: string; name: string; at: Date },
): Promise<void> {
  const body = { metadata: { annotations: { [FILES_RENEWED_AT]: at.toISOString() } } };
  await absentAsUndefined(
    client.call(`renew the files of pod "${name}"`, (options) =>
      client.core.patchNamespacedPod({ namespace, name, body }, asMergePatch(options)),
    ),
  );
}

/** Newest first. */
async function listPods(client: ClusterClient, namespace: string, serverId: string): Promise<V1Pod[]> {
  const labelSelector = `app=mcp-server,server-id=${serverId}`;
  const { items } = await client.call(`list the pods of "${serverId}"`, (options) =>
    client.core.listNamespacedPod({ namespace, labelSelector, limit: ITEMS_MAX }, options),
  );
  return items.toSorted((left, right) => createdAt(right) - createdAt(left));
}

function createdAt(pod: V1Pod): number {
  return pod.metadata?.creationTimestamp?.getTime() ?? 0;
}

/** Empty where the container has not run yet, or has no run before the present one (400), or the pod is gone (404). */
async function readLog(
  client: ClusterClient,
  { namespace, name, lines, previous }: { namespace: string; name: string; lines: number; previous: boolean },
): Promise<string> {
  return client.call(`read the log of pod "${name}"`, async (options) => {
    try {
      const query = { namespace, name, container: CONTAINER, tailLines: lines, previous, limitBytes: LOG_BYTES_MAX };
      return (await client.core.readNamespacedPodLog(query, options)) ?? '';
    } catch (error) {
      const status = statusOf(error);
      if (status === 400 || status === 404) return '';
      throw error;
    }
  });
}
