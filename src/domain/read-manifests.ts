import { createYamlLocator } from './locate-in-yaml.ts';
import { notRenderable } from './not-renderable.ts';
import { readPlainYaml } from './read-plain-yaml.ts';
import { quoteKey } from './read-yaml-mapping.ts';

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
 * @param kinds those that may be there, as `apiVersion kind`
 * @throws UserError `overlay-not-renderable` for kinds other than those of our overlays, and for what kustomize treats
 * in a special way
 */
export function readManifests(text: string, file: string, kinds: readonly string[] = OVERLAY_KINDS): Manifest[] {
  return readPlainYaml(text, file).map((document, index) => {
    const refuse = (path: string[], state: string, expected: string) =>
      notRenderable(file, state, expected, createYamlLocator(text)({ document: index, path }).line);
    if (!isManifest(document)) {
      throw refuse([], 'a document in it is no Kubernetes object', 'apiVersion, kind and metadata.name');
    }
    if (!kinds.includes(`${document.apiVersion} ${document.kind}`)) {
      throw refuse(['kind'], ...otherKind(document, kinds));
    }
    if (Object.keys(document.metadata.annotations ?? {}).some((key) => KUSTOMIZE_ANNOTATION.test(key))) {
      throw refuse(['metadata', 'annotations'], 'it has an annotation that steers kustomize', 'none');
    }
    return document;
  });
}

function otherKind({ apiVersion, kind }: Manifest, kinds: readonly string[]): [state: string, expected: string] {
  if (kind === 'Secret') {
    return [
      'it holds a Secret, whose values would stand in git',
      'none: `mcp-hosting secrets set` puts values into the cluster',
    ];
  }
  return [`it holds another kind of object, ${quoteKey(`${apiVersion} ${kind}`)}`, `one of ${kinds.join(', ')}`];
}

/** All of a namespace, so that `namespace` applies to each; none refers to another by a name that kustomize changes. */
export const OVERLAY_KINDS: readonly string[] = [
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

/** What `base/` of a deployments repository holds. It may have no `namespace` in its kustomization: one kind has none. */
export const BASE_KINDS: readonly string[] = [
  'v1 Namespace',
  'v1 ResourceQuota',
  'v1 LimitRange',
  'networking.k8s.io/v1 NetworkPolicy',
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
