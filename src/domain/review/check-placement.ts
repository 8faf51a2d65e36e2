import type { YamlPath } from '../locate-in-yaml.ts';
import { type Finding, finding } from './finding.ts';
import type { OverlayRules } from './overlay-rules.ts';

/** Where a pod may run, as Kubernetes' own schema has it, which was checked before. */
export interface PlacedPod {
  nodeSelector?: Record<string, string>;
  affinity?: { nodeAffinity?: NodeAffinity; [kind: string]: unknown };
  tolerations?: { key?: string; value?: string }[];
}

interface NodeAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] };
  [kind: string]: unknown;
}

interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

type NodePool = NonNullable<OverlayRules['policy']['nodePool']>;

/** What a build is made for; it singles out no node. */
const COMMON_LABELS = ['kubernetes.io/arch', 'kubernetes.io/os'];

/**
 * The nodes of the policy's pool where it names one, and otherwise any: nobody chooses nodes, tolerates a taint such as
 * that of the control plane, or goes where the pods of others are.
 */
export function checkPlacement(pod: PlacedPod, at: YamlPath, { policy: { nodePool } }: OverlayRules): Finding[] {
  const { nodeSelector = {}, affinity, tolerations = [] } = pod;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const inPool =
    nodePool !== undefined &&
    (nodeSelector[nodePool.label] === nodePool.value ||
      (required.length > 0 && required.every((term) => isOfPool(term, nodePool))));
  const pool = nodePool
    ? `the policy's nodePool: ${nodePool.label}=${nodePool.value}`
    : 'none, since the policy names none';
  return [
    ...(nodePool && !inPool ? [finding([...at, 'affinity'], 'the pod may run on nodes of others', pool)] : []),
    ...tolerations.flatMap(({ key, value }, index) =>
      nodePool && key === nodePool.label && value === nodePool.value
        ? []
        : [finding([...at, 'tolerations', index], 'it lets the pod onto nodes that keep others off', pool)],
    ),
    ...Object.keys(nodeSelector)
      .filter((label) => !inPool && !COMMON_LABELS.includes(label))
      .map((label) => finding([...at, 'nodeSelector', label], 'it chooses nodes', pool)),
    ...Object.keys(affinity ?? {})
      .filter((kind) => kind !== 'nodeAffinity' || !inPool)
      .map((kind) => finding([...at, 'affinity', kind], 'it chooses nodes', pool)),
  ];
}

function isOfPool({ matchExpressions = [] }: NodeSelectorTerm, { label, value }: NodePool): boolean {
  return matchExpressions.some(
    ({ key, operator, values = [] }) =>
      key === label && operator === 'In' && values.length === 1 && values[0] === value,
  );
}
