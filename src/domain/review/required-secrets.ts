import { PAUSED_REPLICAS_ANNOTATION } from '../manifests/keda.ts';
import { serverObjectName } from '../manifests/server-object.ts';
import type { Manifest } from '../read-manifests.ts';

interface ContainerVariables {
  env?: { valueFrom?: { secretKeyRef?: { name?: string; key?: string; optional?: boolean } } }[];
}

/**
 * The values that the pods of an overlay cannot start without, sorted: keys of the server's own Secret. None where no pod
 * is wanted, nor where the Secret is made of an outside store, which nothing is known of before the merge.
 * @param manifests rendered, and without a problem
 */
export function requiredSecrets(serverId: string, manifests: readonly Manifest[]): string[] {
  const secretName = `${serverObjectName(serverId)}-env`;
  if (manifests.some(({ kind }) => kind === 'ExternalSecret')) return [];
  if (manifests.some(isHeldAtZero)) return [];
  const keys = manifests
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(containersOf)
    .flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef))
    .filter((reference) => reference?.name === secretName && reference.optional !== true)
    .map((reference) => reference?.key ?? '');
  return [...new Set(keys)].filter((key) => /^[A-Z_][A-Z0-9_]*$/.test(key)).sort();
}

function isHeldAtZero({ kind, metadata, ...rest }: Manifest): boolean {
  if (kind === 'ScaledObject') return metadata.annotations?.[PAUSED_REPLICAS_ANNOTATION] === '0';
  return kind === 'Deployment' && (rest as { spec?: { replicas?: unknown } }).spec?.replicas === 0;
}

function containersOf(manifest: Manifest): ContainerVariables[] {
  const { spec } = manifest as {
    spec?: { template?: { spec?: { containers?: ContainerVariables[]; initContainers?: ContainerVariables[] } } };
  };
  const pod = spec?.template?.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
}
