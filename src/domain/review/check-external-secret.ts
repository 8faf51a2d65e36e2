import { externalSecretPath } from '../manifests/external-secret.ts';
import { serverObjectName } from '../manifests/server-object.ts';
import type { Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { type Finding, finding } from './finding.ts';
import type { OverlayRules } from './overlay-rules.ts';

/** Fills the server's own Secret from its own entry in the store that the policy names: the store holds everybody's. */
export function checkExternalSecret({ spec }: Manifest, { serverId, policy }: OverlayRules): Finding[] {
  const { secretStoreRef, target, data } = spec as {
    secretStoreRef: { kind: string; name: string };
    target: { name: string };
    data: { remoteRef: { key: string } }[];
  };
  const store = policy.secrets?.store;
  if (!store) return [finding(['kind'], 'the policy names no store', 'secrets.store in mcp-hosting.yml first')];
  const kind = store.kind ?? 'ClusterSecretStore';
  const secret = `${serverObjectName(serverId)}-env`;
  const key = externalSecretPath(policy, serverId);
  return [
    ...(secretStoreRef.kind === kind && secretStoreRef.name === store.name
      ? []
      : [finding(['spec', 'secretStoreRef'], 'it is another store', `${kind} "${store.name}"`)]),
    ...(target.name === secret ? [] : [finding(['spec', 'target', 'name'], describeValue(target.name), `"${secret}"`)]),
    ...data.flatMap(({ remoteRef }, index) =>
      remoteRef.key === key
        ? []
        : [finding(['spec', 'data', index, 'remoteRef', 'key'], 'it is the entry of others', `"${key}"`)],
    ),
  ];
}
