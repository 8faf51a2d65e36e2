import { createHash, randomBytes } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { UserError } from '../../domain/user-error.ts';
import type { ServerSecrets } from '../../ports/cluster.ts';
import { absentAsUndefined } from './absent-as-undefined.ts';
import type { ClusterClient } from './cluster-client.ts';
import { statusOf } from './map-cluster-error.ts';

/** Bytes of a key: 256 bits. */
const KEY_BYTES = 32;

export function createServerSecrets(client: ClusterClient, namespace: string): ServerSecrets {
  async function read(name: string): Promise<V1Secret | undefined> {
    return absentAsUndefined(
      client.call(`read Secret "${name}"`, (options) => client.core.readNamespacedSecret({ namespace, name }, options)),
    );
  }

  return {
    async ensureAccessKey(serverId) {
      const name = accessName(serverId);
      const present = (await read(name)) ?? (await create(client, namespace, serverId)) ?? (await read(name));
      return keyOf(present, name);
    },
    async readAccessKey(serverId) {
      const name = accessName(serverId);
      const present = await read(name);
      return present && keyOf(present, name);
    },
    async envNames(serverId) {
      const present = await read(envName(serverId));
      return Object.keys(present?.data ?? {}).sort();
    },
    async remove(serverId) {
      for (const name of [accessName(serverId), envName(serverId)]) {
        await absentAsUndefined(
          client.call(`delete Secret "${name}"`, (options) =>
            client.core.deleteNamespacedSecret({ namespace, name }, options),
          ),
        );
      }
    },
  };
}

function accessName(serverId: string): string {
  return `mcp-${serverId}-access`;
}

function envName(serverId: string): string {
  return `mcp-${serverId}-env`;
}

/** @returns undefined when another replica was faster (409): its key is the one that counts */
async function create(client: ClusterClient, namespace: string, serverId: string): Promise<V1Secret | undefined> {
  const name = accessName(serverId);
  const body = newAccessSecret(name, serverId);
  return client.call(`create Secret "${name}"`, async (options) => {
    try {
      return await client.core.createNamespacedSecret({ namespace, body }, options);
    } catch (error) {
      if (statusOf(error) === 409) return undefined;
      throw error;
    }
  });
}

function newAccessSecret(name: string, serverId: string): V1Secret {
  const key = `mcp_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'mcp-hosting', 'server-id': serverId } },
    type: 'Opaque',
    data: { key: encode(key), sha256: encode(sha256) },
  };
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function keyOf(secret: V1Secret | undefined, name: string): string {
  const key = secret?.data?.key;
  if (key) return Buffer.from(key, 'base64').toString('utf8');
  throw new UserError(
    'access-secret-broken',
    `Cannot use Secret "${name}": it holds no "key", expected the access key of the server`,
    'Delete the Secret and give the command again; a new key is made.',
  );
}
