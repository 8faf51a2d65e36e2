import { createHash } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { ACCESS_KEYS_MAX } from '../../domain/access-key.ts';
import { type AccessKeyLine, accessKeyIds, withAccessKey, withoutAccessKey } from '../../domain/access-key-file.ts';
import { UserError } from '../../domain/user-error.ts';
import type { AccessKeyFiles } from '../../ports/cluster.ts';
import type { ClusterClient } from './cluster-client.ts';
import { changeSecret, deleteSecret, readSecret, type SecretChange, type SecretName } from './write-secret.ts';

/** The file's name, in the Secret and under the path where pods mount it. */
const FILE = 'keys';

/** Id of the bot's own key, which no other key can have. */
const PROBE_ID = 'mcp-hosting';

export function createAccessKeyFiles(client: ClusterClient, namespace: string): AccessKeyFiles {
  const secretOf = (serverId: string): SecretName => ({ namespace, name: `mcp-${serverId}-access`, serverId });

  /** @param change gives undefined where the file stays as it is */
  const changeFile = (serverId: string, change: (text: string) => string | undefined) =>
    changeSecret(client, secretOf(serverId), (present): SecretChange | undefined => {
      const text = change(textOf(present));
      return text === undefined ? undefined : { data: { [FILE]: encode(text) }, exclusive: true };
    });

  return {
    async ids(serverId) {
      const present = await readSecret(client, secretOf(serverId));
      return accessKeyIds(textOf(present)).filter((id) => id !== PROBE_ID);
    },
    add: (serverId, key, line) =>
      changeFile(serverId, (text) => {
        const changed = withAccessKey(text, { ...line, sha256: sha256(key) }, new Date());
        if (accessKeyIds(changed).length <= ACCESS_KEYS_MAX) return changed;
        throw new UserError(
          'access-keys-too-many',
          `Cannot make a key for ${serverId}: it has ${ACCESS_KEYS_MAX} already, expected fewer`,
          'Revoke those that nobody uses.',
        );
      }),
    async remove(serverId, keyId) {
      let wasThere = false;
      await changeFile(serverId, (text) => {
        const changed = withoutAccessKey(text, keyId);
        wasThere = changed !== undefined;
        return changed;
      });
      return wasThere;
    },
    async ensureProbeKey(serverId, key) {
      const line: AccessKeyLine = { sha256: sha256(key), id: PROBE_ID, expiresAt: null, name: PROBE_ID };
      let wasThere = false;
      await changeFile(serverId, (text) => {
        wasThere = text.includes(line.sha256);
        return wasThere ? undefined : withAccessKey(text, line, new Date());
      });
      return !wasThere;
    },
    removeAll: (serverId) => deleteSecret(client, secretOf(serverId)),
  };
}

function textOf(secret: V1Secret | undefined): string {
  return Buffer.from(secret?.data?.[FILE] ?? '', 'base64').toString('utf8');
}

function sha256(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
