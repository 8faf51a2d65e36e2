import { notRenderable } from './not-renderable.ts';
import { readPlainYaml } from './read-plain-yaml.ts';

/** A Kubernetes object as it stands in a file; what is below `spec` is not looked at here. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/**
 * The manifests in a file, one or several documents.
 *
 * @throws UserError `overlay-not-renderable` for kinds other than those of our overlays, and for what kustomize treats
 * in a special way
 */
export function readManifests(text: string, file: string): Manifest[] {
  return readPlainYaml(text, file).map((document) => {
    if (!isManifest(document)) {
      throw notRenderable(file, 'a document in it is no Kubernetes object', 'apiVersion, kind and metadata.name');
    }
    const id = `${document.apiVersion} ${document.kind}`;
    if (!KINDS.includes(id)) throw notRenderable(file, `it holds another kind of object`, `one of ${KINDS.join(', ')}`);
    if (Object.keys(document.metadata.annotations ?? {}).some((key) => KUSTOMIZE_ANNOTATION.test(key))) {
      throw notRenderable(file, 'it has an annotation that steers kustomize', 'none');
    }
    return document;
  });
}

/** All of a namespace, so that `namespace` applies to each; none refers to another by a name that kustomize changes. */
const KINDS = [
  'apps/v1 Deployment',
  'v1 Service',
  'networking.k8s.io/v1 Ingress',
  'networking.k8s.io/v1 NetworkPolicy',
  'gateway.networking.k8s.io/v1 HTTPRoute',
  'gateway.networking.k8s.io/v1 ListenerSet',
  'gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy',
  'autoscaling/v2 HorizontalPodAutoscaler',
  'policy/v1 PodDisruptionBudget',
  'cert-manager.io/v1 Certificate',
  'external-secrets.io/v1 ExternalSecret',
  'http.keda.sh/v1beta1 InterceptorRoute',
  'keda.sh/v1alpha1 ScaledObject',
];
const KUSTOMIZE_ANNOTATION = /^(?:internal\.)?config\.(?:kubernetes|k8s)\.io\/|^kustomize\./;

function isManifest(value: unknown): value is Manifest {
  if (!isMapping(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') return false;
  const { metadata } = value;
  if (!isMapping(metadata) || typeof metadata.name !== 'string' || metadata.name === '') return false;
  return isStringMap(metadata.labels) && isStringMap(metadata.annotations);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** kustomize drops an empty map, so there must be none. */
function isStringMap(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isMapping(value) && Object.keys(value).length > 0 && Object.values(value).every((text) => typeof text === 'string')
  );
}
