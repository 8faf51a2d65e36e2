import type { KubeObject } from '../store/kube-object.ts';

interface ApplicationSource {
  repoURL: string;
  targetRevision?: string;
  path?: string;
  [field: string]: unknown;
}

interface ApplicationSpec {
  project: string;
  source: ApplicationSource;
  destination: { server?: string; name?: string; namespace?: string };
  syncPolicy?: {
    automated?: { prune?: boolean; selfHeal?: boolean; allowEmpty?: boolean; enabled?: boolean };
    syncOptions?: string[];
    retry?: { limit?: number; backoff?: { duration?: string; factor?: number; maxDuration?: string } };
  };
}

export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  status: HealthStatus;
  message?: string;
}

export interface ResourceResult {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  status: 'Synced' | 'SyncFailed' | 'Pruned';
  message: string;
}

export interface OperationState {
  operation: { sync: { revision: string; prune: boolean }; initiatedBy: { automated: boolean }; retry: object };
  phase: 'Running' | 'Succeeded' | 'Failed' | 'Error';
  message: string;
  startedAt: string;
  finishedAt?: string;
  retryCount?: number;
  syncResult?: { revision: string; source: ApplicationSource; resources: ResourceResult[] };
}

export interface ApplicationCondition {
  type: 'ComparisonError' | 'InvalidSpecError' | 'SyncError' | 'DeletionError' | 'UnknownError';
  message: string;
  lastTransitionTime: string;
}

export interface ResourceSummary {
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  status: 'Synced' | 'OutOfSync';
  requiresPruning?: boolean;
}

export interface ApplicationStatus {
  sync: { status: 'Synced' | 'OutOfSync' | 'Unknown'; revision: string; comparedTo: object };
  health: { status: HealthStatus; lastTransitionTime: string; message?: string };
  operationState?: OperationState;
  conditions?: ApplicationCondition[];
  resources: ResourceSummary[];
  summary: { images?: string[]; externalURLs?: string[] };
  history?: { id: number; revision: string; deployedAt: string; source: ApplicationSource }[];
  reconciledAt: string;
  sourceType: string;
  resourceHealthSource: 'appTree';
  controllerNamespace: string;
}

export interface Application extends KubeObject {
  spec: ApplicationSpec;
  status?: ApplicationStatus;
}

/** Which Application an object belongs to: `<application>:<group>/<kind>:<namespace>/<name>`, Argo CD's default tracking. */
export const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
export const refreshAnnotation = 'argocd.argoproj.io/refresh';
export const applicationSetRefreshAnnotation = 'argocd.argoproj.io/application-set-refresh';
export const resourcesFinalizer = 'resources-finalizer.argocd.argoproj.io';

/** @returns the name of the Application that tracks the object, if one does */
export function trackingApplication(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[trackingAnnotation]?.split(':')[0];
}

/** Whether the object's own sync options keep it from being pruned (`Prune`) or deleted with its Application (`Delete`). */
export function isKept(object: KubeObject, action: 'Prune' | 'Delete'): boolean {
  const options = object.metadata.annotations?.['argocd.argoproj.io/sync-options'] ?? '';
  return options.split(',').some((option) => option.trim() === `${action}=false`);
}
