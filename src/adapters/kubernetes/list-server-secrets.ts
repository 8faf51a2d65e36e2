import { setHeaderOptions, type V1Secret } from '@kubernetes/client-node';
import type { ServerSecretState } from '../../domain/decide-drift.ts';
import { isServerId } from '../../domain/server-id.ts';
import type { ClusterClient } from './cluster-client.ts';
import { LIST_PAGE } from './cluster-limits.ts';

/** Pages of a list: three Secrets for each of some thousand servers. */
const PAGES_MAX = 40;

/** The API server then leaves the values out. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Secrets `mcp-<server-id>-access` and `-env` of the namespace: what they are called and who made them, no values. */
export async function listServerSecrets(client: ClusterClient, namespace: string): Promise<ServerSecretState[]> {
  const found: ServerSecretState[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const list = await client.call('list the Secrets of the servers', (options) =>
      client.core.listNamespacedSecret(
        { namespace, limit: LIST_PAGE, ...(next === undefined ? {} : { _continue: next }) },
        setHeaderOptions('Accept', METADATA_ONLY, options),
      ),
    );
    found.push(...(list.items ?? []).flatMap(toState));
    next = list.metadata?._continue;
    if (!next) break;
  }
  return found;
}

function toState({ metadata }: V1Secret): ServerSecretState[] {
  const name = metadata?.name ?? '';
  const serverId = /^mcp-(.+)-(?:access|env)$/.exec(name)?.[1];
  if (serverId === undefined || !isServerId(serverId)) return [];
  const labels = metadata?.labels ?? {};
  const ours = labels['app.kubernetes.io/managed-by'] === 'mcp-hosting' && labels['server-id'] === serverId;
  return [{ name, serverId, ours }];
}
