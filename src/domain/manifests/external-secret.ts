import type { OverlayPolicy } from '../deployments-policy.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { defineCustomResource, type ValidManifest } from './custom-resource.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

interface Spec {
  refreshInterval: string;
  secretStoreRef: { kind: string; name: string };
  target: { name: string; creationPolicy: string; deletionPolicy: string };
  data: {
    secretKey: string;
    remoteRef: {
      key: string;
      property: string;
      conversionStrategy: string;
      decodingStrategy: string;
      metadataPolicy: string;
    };
  }[];
}

/** Written as the API server keeps a duration, or Argo CD finds a difference. */
const REFRESH_INTERVAL = '15m0s';

const VARIABLE_NAME = { type: 'string', pattern: '^[A-Z_][A-Z0-9_]*$' } as const;

const constant = (value: string) => ({ type: 'string', const: value }) as const;

export const externalSecret = defineCustomResource<Spec>({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  spec: {
    type: 'object',
    additionalProperties: false,
    required: ['refreshInterval', 'secretStoreRef', 'target', 'data'],
    properties: {
      refreshInterval: constant(REFRESH_INTERVAL),
      secretStoreRef: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'name'],
        properties: {
          kind: { type: 'string', enum: ['SecretStore', 'ClusterSecretStore'] },
          name: { type: 'string', minLength: 1 },
        },
      },
      target: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'creationPolicy', 'deletionPolicy'],
        properties: {
          name: { type: 'string', minLength: 1 },
          creationPolicy: constant('Owner'),
          deletionPolicy: constant('Retain'),
        },
      },
      data: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['secretKey', 'remoteRef'],
          properties: {
            secretKey: VARIABLE_NAME,
            remoteRef: {
              type: 'object',
              additionalProperties: false,
              required: ['key', 'property', 'conversionStrategy', 'decodingStrategy', 'metadataPolicy'],
              properties: {
                key: { type: 'string', minLength: 1 },
                property: VARIABLE_NAME,
                conversionStrategy: constant('Default'),
                decodingStrategy: constant('None'),
                metadataPolicy: constant('None'),
              },
            },
          },
        },
      },
    },
  },
});

type Store = NonNullable<NonNullable<OverlayPolicy['secrets']>['store']>;

/** Where the values of a server are in the store, unless the policy says otherwise. */
const PATH_DEFAULT = 'mcp-servers/{server-id}';

/**
 * What lets the External Secrets Operator fill the Secret that the pods read, one property of the server's entry in the
 * store for each variable. Fields that the API server would fill in are written out, as in every list.
 */
export function externalSecretManifest(input: OverlayInput, store: Store): ValidManifest {
  const name = `${serverObjectName(input.serverId)}-env`;
  const key = externalSecretPath(input.policy, input.serverId);
  return externalSecret({
    metadata: { name, namespace: input.namespace, labels: selectorLabels(input.serverId) },
    spec: {
      refreshInterval: REFRESH_INTERVAL,
      secretStoreRef: { kind: store.kind ?? 'ClusterSecretStore', name: store.name },
      target: { name, creationPolicy: 'Owner', deletionPolicy: 'Retain' },
      data: [...new Set(input.config.env)].sort().map((variable) => ({
        secretKey: variable,
        remoteRef: {
          key,
          property: variable,
          conversionStrategy: 'Default',
          decodingStrategy: 'None',
          metadataPolicy: 'None',
        },
      })),
    },
  });
}

/** The server's entry in the store. */
export function externalSecretPath(policy: OverlayPolicy | undefined, serverId: string): string {
  return (policy?.secrets?.path ?? PATH_DEFAULT).replaceAll('{server-id}', serverId);
}
