import { nonPublicRangesIn } from '../cidr.ts';
import { BASE_KINDS, type Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
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
    ...(kind === 'NetworkPolicy' ? checkPolicy(manifest) : []),
  ];
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';

function checkNamespace({ metadata }: Manifest, namespace: string): Finding[] {
  return [
    ...(metadata.name === namespace
      ? []
      : [finding(['metadata', 'name'], describeValue(metadata.name), `"${namespace}"`)]),
    ...(metadata.labels?.[ENFORCE] === 'restricted'
      ? []
      : [finding(['metadata', 'labels', ENFORCE], describeValue(metadata.labels?.[ENFORCE]), '"restricted"')]),
  ];
}

interface Rule {
  from?: unknown[];
  to?: { ipBlock?: { cidr: string; except?: string[] } }[];
}

function checkPolicy({ spec }: Manifest): Finding[] {
  const { ingress = [], egress = [] } = spec as { ingress?: Rule[]; egress?: Rule[] };
  return [
    ...ingress.flatMap(({ from }, index) =>
      from && from.length > 0
        ? []
        : [finding(['spec', 'ingress', index], 'it lets everybody in', 'from, with the namespace of the gateway')],
    ),
    ...egress.flatMap(({ to }, index) =>
      to && to.length > 0
        ? to.flatMap(({ ipBlock }, peer) => {
            const open = nonPublicRangesIn(ipBlock?.cidr ?? '').filter((range) => isLocal(range, ipBlock?.except));
            if (open.length === 0) return [];
            const at = ['spec', 'egress', index, 'to', peer, 'ipBlock'];
            return [
              finding(
                at,
                'private ranges lie in it, or addresses where clouds tell credentials',
                `them under except: ${open.join(', ')}`,
              ),
            ];
          })
        : [finding(['spec', 'egress', index], 'it lets servers out to everything', 'to, with an ipBlock')],
    ),
  ];
}

/** `0.0.0.0/8` is nobody's address on a network: people leave it out. */
function isLocal(range: string, except: readonly string[] = []): boolean {
  return range !== '0.0.0.0/8' && !except.includes(range);
}

/** What must be there, whoever wrote it how. */
function missing(manifests: readonly Manifest[], namespace: string): ReviewProblem[] {
  const wanted: [string, boolean][] = [
    [`the Namespace "${namespace}"`, manifests.some(({ kind }) => kind === 'Namespace')],
    [
      'a NetworkPolicy that denies all: podSelector {}, policyTypes [Ingress, Egress], no rules',
      manifests.some(deniesAll),
    ],
    ['a ResourceQuota', manifests.some(({ kind }) => kind === 'ResourceQuota')],
    ['a LimitRange', manifests.some(({ kind }) => kind === 'LimitRange')],
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
