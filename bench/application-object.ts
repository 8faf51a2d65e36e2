import type { Manifest } from '../sandbox/kubernetes/store/kube-object.ts';

/** The newest commit of the deployments repository, which is every Application's. */
export const REVISION = 'c'.repeat(40);

const DESTINATION = { server: 'https://kubernetes.default.svc', namespace: 'mcp-servers' };
const SINCE = '2026-11-22T10:00:00Z';

/** An Application of the size and shape that Argo CD gives it: synced, and waiting for its pods. */
export function applicationNamed(serverId: string): Manifest {
  const source = {
    repoURL: 'https://github.com/acme/mcp-server-deployments.git',
    targetRevision: 'HEAD',
    path: `servers/${serverId}`,
  };
  const resource = (group: string, version: string, kind: string) => ({
    group,
    version,
    kind,
    namespace: 'mcp-servers',
    name: `mcp-${serverId}`,
    status: 'Synced',
  });
  const resources = [
    resource('', 'v1', 'Service'),
    resource('apps', 'v1', 'Deployment'),
    resource('gateway.networking.k8s.io', 'v1', 'HTTPRoute'),
  ];
  const history = Array.from({ length: 10 }, (_, id) => ({ id, revision: REVISION, deployedAt: SINCE, source }));
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: `mcp-${serverId}`,
      namespace: 'argocd',
      labels: { 'app.kubernetes.io/part-of': 'mcp-hosting', 'server-id': serverId },
      annotations: { 'argocd.argoproj.io/manifest-generate-paths': '.' },
    },
    spec: { project: 'mcp-servers', source, destination: DESTINATION },
    status: {
      sync: { status: 'Synced', revision: REVISION, comparedTo: { source, destination: DESTINATION } },
      health: { status: 'Progressing', lastTransitionTime: SINCE },
      operationState: {
        operation: { sync: { revision: REVISION, prune: true }, initiatedBy: { automated: true } },
        phase: 'Succeeded',
        message: 'successfully synced (all tasks run)',
        startedAt: SINCE,
        finishedAt: SINCE,
        syncResult: { revision: REVISION, source, resources },
      },
      resources,
      summary: { images: [`ghcr.io/acme/mcp-servers/${serverId}@sha256:${'a'.repeat(64)}`] },
      history,
      reconciledAt: SINCE,
      sourceType: 'Kustomize',
    },
  };
}
