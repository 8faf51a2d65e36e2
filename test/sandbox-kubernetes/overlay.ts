/** The files of a server's overlay, as far as the sandbox needs them. */
export function overlay(options: {
  serverId: string;
  image: string;
  digest: string;
  replicas?: number;
  env?: string;
  host?: string;
  deadlineSeconds?: number;
}): Record<string, string> {
  const {
    serverId,
    image,
    digest,
    replicas = 1,
    env = '[]',
    host = `${serverId}.localhost`,
    deadlineSeconds = 600,
  } = options;
  const name = `mcp-${serverId}`;
  const labels = `{ app: mcp-server, server-id: ${serverId} }`;
  const dir = `servers/${serverId}`;
  return {
    [`${dir}/kustomization.yaml`]: `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: mcp-servers
resources: [deployment.yaml, service.yaml, httproute.yaml]
images:
  - name: ${image}
    digest: ${digest}
replicas:
  - name: ${name}
    count: ${replicas}
`,
    [`${dir}/deployment.yaml`]: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: ${labels}
spec:
  replicas: 1
  progressDeadlineSeconds: ${deadlineSeconds}
  selector:
    matchLabels: ${labels}
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  template:
    metadata:
      labels: ${labels}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: mcp-server
          image: ${image}
          env: ${env}
          ports:
            - { containerPort: 3000, name: http }
          readinessProbe:
            httpGet: { path: /health, port: http }
            periodSeconds: 1
`,
    [`${dir}/service.yaml`]: `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: ${labels}
  ports:
    - { port: 80, targetPort: http }
`,
    [`${dir}/httproute.yaml`]: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
spec:
  parentRefs:
    - { name: mcp-gateway, namespace: gateway }
  hostnames: ['${host}']
  rules:
    - backendRefs:
        - { name: ${name}, port: 80 }
`,
  };
}

/** Argo CD's objects for a deployments repository at `repoUrl`. */
export function argoObjects(repoUrl: string): object[] {
  return [
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'mcp-servers', namespace: 'argocd' },
      spec: {
        sourceRepos: [repoUrl],
        destinations: [{ server: 'https://kubernetes.default.svc', namespace: 'mcp-servers' }],
      },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: { name: 'mcp-servers', namespace: 'argocd' },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [{ git: { repoURL: repoUrl, revision: 'HEAD', directories: [{ path: 'servers/*' }] } }],
        template: {
          metadata: { name: 'mcp-{{.path.basename}}', labels: { 'server-id': '{{.path.basename}}' } },
          spec: {
            project: 'mcp-servers',
            source: { repoURL: repoUrl, targetRevision: 'HEAD', path: '{{.path.path}}' },
            destination: { server: 'https://kubernetes.default.svc', namespace: 'mcp-servers' },
            syncPolicy: {
              automated: { prune: true, selfHeal: true },
              retry: { limit: 2, backoff: { duration: '1s' } },
            },
          },
        },
      },
    },
  ];
}
