import { BASE_KINDS, type Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { checkBasePolicy } from './check-base-policy.ts';
import { checkFolder, isOversized } from './check-folder.ts';
import { type CheckedOverlay, createPlacer, problemOf, renderFolder } from './check-overlay.ts';
import { checkSchema } from './check-schema.ts';
import { type Finding, finding } from './finding.ts';
import { BASE_FIELDS } from './manifest-fields.ts';
import { type OverlayEntry, textsOf } from './overlay-entry.ts';
import type { ReviewProblem } from './review-problem.ts';

const FOLDER = 'base';

/** Everything in `base/` that would take away what keeps the servers apart from the cluster and from each other. */
export function checkBase(entries: readonly OverlayEntry[], namespace: string): CheckedOverlay {
  const texts = textsOf(entries);
  const problems = checkFolder(FOLDER, entries);
  if (isOversized(entries)) return { problems };
  const rendered = renderFolder(texts, BASE_KINDS);
  if (!rendered.ok) return { problems: [...problems, problemOf(FOLDER, rendered.error)] };
  const manifests = rendered.origins.map(({ manifest }) => manifest);
  const place = createPlacer(FOLDER, texts);
  const found = rendered.origins.flatMap((origin) => {
    const { sound, findings } = checkSchema(origin.manifest, BASE_FIELDS);
    const more = sound ? checkObject(origin.manifest, namespace) : [];
    return [...findings, ...more].map((each) => place(origin, each));
  });
  return { problems: [...problems, ...found, ...missing(manifests, namespace)], manifests };
}

function checkObject(manifest: Manifest, namespace: string): Finding[] {
  const { kind, metadata } = manifest;
  if (kind === 'Namespace') return checkNamespace(manifest, namespace);
  return [
    ...(metadata.namespace === namespace
      ? []
      : [finding(['metadata', 'namespace'], describeValue(metadata.namespace), `"${namespace}"`)]),
    ...(kind === 'NetworkPolicy' ? checkBasePolicy(manifest, namespace) : []),
    ...Object.keys(metadata.annotations ?? {})
      .filter((key) => key.startsWith(HOOK_ANNOTATION))
      .map((key) =>
        finding(['metadata', 'annotations', key], 'Argo CD takes a hook away, or leaves it out', 'none', 'key'),
      ),
  ];
}

const HOOK_ANNOTATION = 'argocd.argoproj.io/hook';

const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** From 1.25 on, `restricted` has all of today's rules but that of probes. */
const PINNED_VERSION = /^(?:latest|v1\.(?:2[5-9]|[3-9][0-9]))$/;

function checkNamespace({ metadata }: Manifest, namespace: string): Finding[] {
  return [
    ...(metadata.name === namespace
      ? []
      : [finding(['metadata', 'name'], describeValue(metadata.name), `"${namespace}"`)]),
    ...(PINNED_VERSION.test(metadata.labels?.[`${ENFORCE}-version`] ?? 'latest')
      ? []
      : [
          finding(
            ['metadata', 'labels', `${ENFORCE}-version`],
            'it is an older standard, which lets more pods in',
            '"latest", or v1.25 or newer',
          ),
        ]),
    ...(metadata.labels?.[ENFORCE] === 'restricted'
      ? []
      : [finding(['metadata', 'labels', ENFORCE], describeValue(metadata.labels?.[ENFORCE]), '"restricted"')]),
  ];
}

/** What must be there, whoever wrote it how. */
function missing(manifests: readonly Manifest[], namespace: string): ReviewProblem[] {
  const wanted: [string, boolean][] = [
    [`the Namespace "${namespace}"`, manifests.some(({ kind }) => kind === 'Namespace')],
    [
      'a NetworkPolicy that denies all: podSelector {}, policyTypes [Ingress, Egress], no rules',
      manifests.some(deniesAll),
    ],
    ['a ResourceQuota without scopes, with pods, limits.cpu and limits.memory under hard', manifests.some(boundsAll)],
    ['a LimitRange with the max of cpu and memory of a Container', manifests.some(boundsOne)],
  ];
  return wanted
    .filter(([, there]) => !there)
    .map(([what]) => ({
      path: `${FOLDER}/kustomization.yaml`,
      line: 1,
      endLine: 1,
      level: 'failure',
      message: `Cannot deploy base: something is missing, expected ${what}`,
    }));
}

function deniesAll({ kind, spec }: Manifest): boolean {
  if (kind !== 'NetworkPolicy') return false;
  const { podSelector, policyTypes, ingress, egress } = spec as Record<string, unknown>;
  const selectsAll = typeof podSelector === 'object' && podSelector !== null && Object.keys(podSelector).length === 0;
  const both = Array.isArray(policyTypes) && ['Ingress', 'Egress'].every((type) => policyTypes.includes(type));
  return selectsAll && both && ingress === undefined && egress === undefined;
}

function boundsAll({ kind, spec }: Manifest): boolean {
  if (kind !== 'ResourceQuota') return false;
  const { hard = {}, scopes } = spec as { hard?: object; scopes?: unknown };
  return scopes === undefined && ['pods', 'limits.cpu', 'limits.memory'].every((name) => Object.hasOwn(hard, name));
}

function boundsOne({ kind, spec }: Manifest): boolean {
  if (kind !== 'LimitRange') return false;
  const { limits = [] } = spec as { limits?: { type?: string; max?: object }[] };
  return limits.some(
    ({ type, max = {} }) => type === 'Container' && ['cpu', 'memory'].every((name) => Object.hasOwn(max, name)),
  );
}
