import type { V1Secret } from '@kubernetes/client-node';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { asMergePatch, type ClusterClient } from './cluster-client.ts';
import { OUTAGE_WAIT_MS, WRITE_TRIES_MAX } from './cluster-limits.ts';
import { statusOf } from './map-cluster-error.ts';

export interface SecretName {
  namespace: string;
  name: string;
  serverId: string;
}

/** @returns undefined where there is none */
export async function readSecret(
  client: ClusterClient,
  { namespace, name }: SecretName,
): Promise<V1Secret | undefined> {
  return client.callSealed(`read Secret "${name}"`, async (options) => {
    try {
      return await client.core.readNamespacedSecret({ namespace, name }, options);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  });
}

export async function deleteSecret(client: ClusterClient, { namespace, name }: SecretName): Promise<void> {
  await client.callSealed(`delete Secret "${name}"`, async (options) => {
    try {
      await client.core.deleteNamespacedSecret({ namespace, name }, options);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  });
}

export interface SecretChange {
  /** Values in base64; null takes one away. */
  data: Record<string, string | null>;
  /** Whether the whole was read to make the change, so that one which came in between undoes it. */
  exclusive: boolean;
}

/**
 * Reads a Secret, lets `plan` say what changes, and writes that; again when somebody else was faster.
 * @param plan gives undefined where nothing is to be done; it may throw
 */
export async function changeSecret(
  client: ClusterClient,
  secret: SecretName,
  plan: (present: V1Secret | undefined) => SecretChange | undefined,
): Promise<void> {
  for (let tries = 0; tries < WRITE_TRIES_MAX; tries += 1) {
    const present = await readSecret(client, secret);
    const change = plan(present);
    if (!change) return;
    const isWritten = present ? await patch(client, secret, present, change) : await create(client, secret, change);
    if (isWritten) return;
  }
  throw new RetryLaterError(`Cannot write Secret "${secret.name}": others write it all the time`, OUTAGE_WAIT_MS);
}

/** @returns false where another replica made it in the meantime */
async function create(client: ClusterClient, secret: SecretName, { data }: SecretChange): Promise<boolean> {
  const { namespace, name } = secret;
  const given = Object.entries(data).filter((entry): entry is [string, string] => entry[1] !== null);
  const body: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: labelsOf(secret) },
    type: 'Opaque',
    data: Object.fromEntries(given),
  };
  return client.callSealed(`create Secret "${name}"`, (options) =>
    unlessOvertaken([409], () => client.core.createNamespacedSecret({ namespace, body }, options)),
  );
}

/** @returns false where it was changed or removed in the meantime */
async function patch(
  client: ClusterClient,
  secret: SecretName,
  present: V1Secret,
  { data, exclusive }: SecretChange,
): Promise<boolean> {
  const { namespace, name } = secret;
  const resourceVersion = exclusive ? { resourceVersion: present.metadata?.resourceVersion } : {};
  const body = { metadata: { labels: labelsOf(secret), ...resourceVersion }, data };
  return client.callSealed(`change Secret "${name}"`, (options) =>
    unlessOvertaken([404, 409], () =>
      client.core.patchNamespacedSecret({ namespace, name, body }, asMergePatch(options)),
    ),
  );
}

async function unlessOvertaken(statuses: readonly number[], write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return false;
    throw error;
  }
}

function labelsOf({ serverId }: SecretName): Record<string, string> {
  return { 'app.kubernetes.io/managed-by': 'mcp-hosting', 'server-id': serverId };
}
