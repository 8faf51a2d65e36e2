import { declaredBy, type UnsetSecrets } from '../domain/missing-secrets.ts';
import type { Rollout } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';
import { RetryLaterError } from '../ports/retry-later.ts';
import type { Platform } from './platform.ts';

/**
 * Of the variables that servers need, those that have no value. Only says more: where the cluster cannot be asked, nothing
 * is said, and nobody waits for it.
 */
export async function findUnsetSecrets(
  platform: Platform,
  needed: ReadonlyMap<string, readonly string[]>,
): Promise<UnsetSecrets[]> {
  const unset: UnsetSecrets[] = [];
  for (const [serverId, names] of needed) {
    if (names.length === 0) continue;
    const set = await readNames(platform, serverId);
    const missing = set ? names.filter((name) => !set.includes(name)) : [];
    if (missing.length > 0) unset.push({ serverId, names: missing });
  }
  return unset;
}

/**
 * The values that the pods of a rollout would wait for, once it is merged. Of an outside store nothing is known before the
 * merge: it is asked with what the overlay says.
 */
export async function unsetSecretsOf(platform: Platform, rollout: Rollout): Promise<readonly string[]> {
  const starts = rollout.kind === 'deploy' || rollout.kind === 'start';
  if (!starts || (rollout.overlay?.config ?? rollout.config).secrets === 'external') return [];
  const [unset] = await findUnsetSecrets(platform, new Map([[rollout.serverId, declaredBy(rollout)]]));
  return unset?.names ?? [];
}

async function readNames(platform: Platform, serverId: string): Promise<string[] | undefined> {
  try {
    return await platform.serverSecrets.names(serverId);
  } catch (error) {
    if (!(error instanceof RetryLaterError) && !(error instanceof UserError)) throw error;
    platform.log.warn({ error, server: serverId }, 'Names of the secrets of a server could not be read');
    return undefined;
  }
}
