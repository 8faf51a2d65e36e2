/** A Deployment of one container in `mcp-servers`, with what a test wants on top. */
export function deploymentOf(options: {
  name: string;
  image: string;
  replicas?: number;
  container?: object;
  deadlineSeconds?: number;
  /** Fields of the pod. */
  pod?: object;
}): object {
  const { name, image, replicas = 1, container = {}, deadlineSeconds = 600, pod = {} } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'mcp-servers' },
    spec: {
      replicas,
      progressDeadlineSeconds: deadlineSeconds,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          ...pod,
          containers: [{ name: 'main', image, ports: [{ containerPort: 3000 }], ...container }],
        },
      },
    },
  };
}

/** A Service and an Ingress for `<name>.localhost`. */
export function routeOf(name: string): object[] {
  const metadata = { name, namespace: 'mcp-servers' };
  const backend = { service: { name, port: { number: 80 } } };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 3000 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: { rules: [{ host: `${name}.localhost`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    },
  ];
}
