import { badRequest } from '../store/api-error.ts';
import type { KubeObject } from '../store/kube-object.ts';
import { mergePatch } from './merge-patch.ts';

/** The `scale` subresource of a Deployment, which `kubectl scale` reads and writes. */
export function scaleOf(deployment: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = deployment.metadata;
  const spec = deployment.spec as { replicas?: number } | undefined;
  const status = deployment.status as { replicas?: number } | undefined;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0 },
  };
}

/** @throws ApiError 400 when the wanted number is none */
export function withScale(deployment: KubeObject, scale: unknown): KubeObject {
  const replicas = (scale as { spec?: { replicas?: unknown } } | undefined)?.spec?.replicas ?? 0;
  if (!Number.isInteger(replicas) || (replicas as number) < 0) throw badRequest('spec.replicas must be 0 or more');
  return mergePatch(deployment, { spec: { replicas } }) as KubeObject;
}
