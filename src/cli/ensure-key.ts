import { UserError } from '../domain/user-error.ts';
import type { HostingApi } from './hosting-api.ts';
import type { KeptKeys } from './kept-keys.ts';

/** What a key is called that `mcp-hosting host` makes. */
const KEY_NAME = 'mcp-hosting host';

/**
 * The access key of this person: the one that is kept, or the first of the server, which is made now.
 * @returns null for a public server, and where others have keys already and none is kept
 */
export async function ensureKey(
  api: Pick<HostingApi, 'listKeys' | 'createKey'>,
  serverId: string,
  kept: KeptKeys | undefined,
): Promise<string | null> {
  const keys = await api.listKeys(serverId);
  const known = kept?.read(serverId);
  if (known && keys.some(({ id }) => id === known.id)) return known.key;
  if (keys.length > 0 && !kept) return null;
  try {
    const { id, key } = await api.createKey(serverId, { name: KEY_NAME, expiresAt: null });
    kept?.write(serverId, { id, key });
    return key;
  } catch (error) {
    if (error instanceof UserError && error.code === 'server-public') return null;
    throw error;
  }
}
