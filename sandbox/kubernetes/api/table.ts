import type { KubeObject } from '../store/kube-object.ts';
import { podSummary } from './pod-summary.ts';

type Cell = string | number;
type Column = readonly [name: string, read: (object: KubeObject) => Cell];

/** What `kubectl get` prints between NAME and AGE. Kinds that are not listed have those two only. */
const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    ['Ready', (object) => podSummary(object).ready],
    ['Status', (object) => podSummary(object).status],
    ['Restarts', (object) => podSummary(object).restarts],
  ],
  Deployment: [
    ['Ready', (object) => `${number(object, 'status.readyReplicas')}/${number(object, 'spec.replicas')}`],
    ['Up-to-date', (object) => number(object, 'status.updatedReplicas')],
    ['Available', (object) => number(object, 'status.availableReplicas')],
  ],
  Namespace: [['Status', (object) => text(object, 'status.phase')]],
  Service: [
    ['Type', (object) => text(object, 'spec.type') || 'ClusterIP'],
    [
      'Port(s)',
      (object) =>
        list(object, 'spec.ports')
          .map((port) => `${field(port, 'port')}/TCP`)
          .join(','),
    ],
  ],
  Secret: [
    ['Type', (object) => text(object, 'type')],
    ['Data', (object) => Object.keys((object.data as object | undefined) ?? {}).length],
  ],
  ConfigMap: [['Data', (object) => Object.keys((object.data as object | undefined) ?? {}).length]],
  Ingress: [
    ['Class', (object) => text(object, 'spec.ingressClassName') || '<none>'],
    [
      'Hosts',
      (object) =>
        list(object, 'spec.rules')
          .map((rule) => field(rule, 'host') || '*')
          .join(','),
    ],
  ],
  HTTPRoute: [['Hostnames', (object) => JSON.stringify(list(object, 'spec.hostnames'))]],
  Application: [
    ['Sync Status', (object) => text(object, 'status.sync.status')],
    ['Health Status', (object) => text(object, 'status.health.status')],
  ],
  Event: [
    ['Last Seen', (object) => text(object, 'lastTimestamp')],
    ['Type', (object) => text(object, 'type')],
    ['Reason', (object) => text(object, 'reason')],
    [
      'Object',
      (object) => `${text(object, 'involvedObject.kind').toLowerCase()}/${text(object, 'involvedObject.name')}`,
    ],
    ['Message', (object) => text(object, 'message')],
  ],
};

/** A `meta.k8s.io/v1` Table: what kubectl asks for when it prints. */
export function tableOf(kind: string, objects: KubeObject[], options: { resourceVersion: string; now: Date }): object {
  const columns: Column[] = [
    ['Name', (object) => object.metadata.name],
    ...(columnsByKind[kind] ?? []),
    ['Age', (object) => ageOf(object, options.now)],
  ];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: options.resourceVersion },
    columnDefinitions: columns.map(([name]) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: name,
      priority: 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(([, read]) => read(object)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

/** The two largest units, as kubectl prints ages. */
function ageOf(object: KubeObject, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(object.metadata.creationTimestamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  if (seconds < 3 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return found;
}

function text(object: KubeObject, path: string): string {
  const value = at(object, path);
  return typeof value === 'string' ? value : '';
}

function number(object: KubeObject, path: string): number {
  const value = at(object, path);
  return typeof value === 'number' ? value : 0;
}

function list(object: KubeObject, path: string): unknown[] {
  const value = at(object, path);
  return Array.isArray(value) ? value : [];
}

function field(value: unknown, name: string): string {
  const found = at(value, name);
  return found === undefined ? '' : String(found);
}
