import type { OverlayPolicy } from '../deployments-policy.ts';
import type { OverlayInput } from '../overlay-input.ts';
import { isCountInGit } from '../plan-scaling.ts';
import { serverObjectName } from './server-object.ts';

/** `kustomization.yaml`, as far as our overlays use it. */
export interface Kustomization {
  apiVersion: 'kustomize.config.k8s.io/v1beta1';
  kind: 'Kustomization';
  namespace: string;
  resources: string[];
  labels: { pairs: Record<string, string>; includeSelectors: false; includeTemplates: true }[];
  images: { name: string; newName: string; digest: string }[];
  replicas?: { name: string; count: number }[];
}

/**
 * Version and replicas stand here and nowhere else: a stop is one changed line. Where a HorizontalPodAutoscaler or KEDA
 * decides on the replicas, there are none.
 */
export function kustomization(input: OverlayInput, resources: string[]): Kustomization {
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: input.namespace,
    resources,
    labels: [
      {
        pairs: {
          'app.kubernetes.io/managed-by': 'mcp-hosting',
          'app.kubernetes.io/name': 'mcp-server',
        },
        includeSelectors: false,
        includeTemplates: true,
      },
    ],
    images: [{ name: input.image, newName: mirrored(input.image, input.policy), digest: input.digest }],
    ...(isCountInGit(input) ? { replicas: [{ name: serverObjectName(input.serverId), count: input.replicas }] } : {}),
  };
}

/** A mirror takes the place of the registry's host. */
export function mirrored(image: string, policy: Pick<OverlayPolicy, 'registryMirror'> | undefined): string {
  return policy?.registryMirror ? `${policy.registryMirror}${image.slice(image.indexOf('/'))}` : image;
}
