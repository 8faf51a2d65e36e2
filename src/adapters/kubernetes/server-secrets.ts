import { SECRET_BYTES_MAX } from '../../domain/check-secrets.ts';
import { UserError } from '../../domain/user-error.ts';
import type { ServerSecrets } from '../../ports/cluster.ts';
import type { ClusterClient } from './cluster-client.ts';
import { changeSecret, deleteSecret, readSecret, type SecretName } from './write-secret.ts';

export function createServerSecrets(client: ClusterClient, namespace: string): ServerSecrets {
  const secretOf = (serverId: string) => secretOfServer(namespace, serverId);
  return {
    async names(serverId) {
      const present = await readSecret(client, secretOf(serverId));
      return Object.keys(present?.data ?? {}).sort();
    },
    async set(serverId, values) {
      const encoded = [...values].map(([name, value]) => [name, encode(value)] as const);
      let changed: string[] = [];
      await changeSecret(client, secretOf(serverId), (present) => {
        const before = new Map(Object.entries(present?.data ?? {}));
        const others = encoded.filter(([name, value]) => before.get(name) !== value);
        changed = others.map(([name]) => name);
        if (others.length === 0) return undefined;
        assertFits(new Map([...before, ...others]));
        return { data: Object.fromEntries(others), exclusive: false };
      });
      return changed;
    },
    async unset(serverId, name) {
      let wasSet = false;
      await changeSecret(client, secretOf(serverId), (present) => {
        wasSet = Object.hasOwn(present?.data ?? {}, name);
        return wasSet ? { data: { [name]: null }, exclusive: false } : undefined;
      });
      return wasSet;
    },
    remove: (serverId) => deleteSecret(client, secretOf(serverId)),
  };
}

/** For looking for them, where they may not be: they are shown to nobody. */
export async function readSecretValues(client: ClusterClient, namespace: string, serverId: string): Promise<string[]> {
  const present = await readSecret(client, secretOfServer(namespace, serverId));
  return Object.values(present?.data ?? {}).map((value) => Buffer.from(value, 'base64').toString('utf8'));
}

function secretOfServer(namespace: string, serverId: string): SecretName {
  return { namespace, name: `mcp-${serverId}-env`, serverId };
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function assertFits(data: ReadonlyMap<string, string>): void {
  const bytes = [...data.values()].reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  if (bytes <= SECRET_BYTES_MAX) return;
  throw new UserError(
    'secrets-too-large',
    `Cannot set secrets: the values of the server would have ${bytes} bytes together, expected at most ${SECRET_BYTES_MAX}`,
    'Shorten or unset some; large files belong into a store that the server reads.',
  );
}
