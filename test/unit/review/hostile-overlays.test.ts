import { describe, expect, test } from '@jest/globals';
import { type Files, inputOf, OVERLAY, SERVER, texts, told, verdict } from './review-fixtures.ts';

const NAME = `mcp-${SERVER}`;
const META = `metadata:\n  name: ${NAME}\n  namespace: mcp-servers\n  labels:\n    app: mcp-server\n    server-id: ${SERVER}\n`;

/** The bot's overlay with one text of a file changed. */
function edited(file: string, from: string | RegExp, to: string): Files {
  const text = OVERLAY[file] ?? '';
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`Cannot edit ${file}: "${from}" is not in it`);
  return { ...OVERLAY, [file]: changed };
}

/** The bot's overlay with a further manifest. */
function with_(text: string, file = 'more.yaml'): Files {
  return { ...edited('kustomization.yaml', '- httproute.yaml', `- httproute.yaml\n- ${file}`), [file]: text };
}

const pod = (line: string) =>
  edited('deployment.yaml', '      enableServiceLinks: false', `      enableServiceLinks: false\n      ${line}`);
const container = (line: string) => edited('deployment.yaml', '        ports:\n', `        ${line}\n        ports:\n`);

/** What a hostile or careless pull request holds, and what is said of it: a part of the message, and its place. */
const CASES: Record<string, [files: Files, said: string]> = {
  'a hostPath volume': [
    edited(
      'deployment.yaml',
      '      - name: tmp\n        emptyDir:\n          sizeLimit: 64Mi',
      '      - name: tmp\n        hostPath:\n          path: /',
    ),
    'deployment.yaml:110 Cannot deploy spec.template.spec.volumes[0]: it does not hold to the Pod Security Standard "restricted" (hostPathVolumes)',
  ],
  'the network of the host': [
    pod('hostNetwork: true'),
    '(hostNamespaces), expected no hostNetwork, hostPID or hostIPC',
  ],
  'a privileged container': [
    edited('deployment.yaml', 'allowPrivilegeEscalation: false', 'privileged: true'),
    'spec.template.spec.containers[0]: it does not hold to the Pod Security Standard "restricted" (privileged)',
  ],
  root: [edited('deployment.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false'), '(runAsNonRoot)'],
  'a service account': [
    pod('serviceAccountName: argocd-server'),
    'spec.template.spec.serviceAccountName: this field is not admitted',
  ],
  'its token': [
    edited('deployment.yaml', 'automountServiceAccountToken: false', 'automountServiceAccountToken: true'),
    'automountServiceAccountToken: it is true, expected false',
  ],
  'a node of its choice': [pod('nodeName: control-plane'), 'nodeName: this field is not admitted'],
  'a priority above others': [
    pod('priorityClassName: system-cluster-critical'),
    'priorityClassName: this field is not admitted',
  ],
  'a runtime class that the policy does not name': [
    pod('runtimeClassName: runc-unsafe'),
    'runtimeClassName: it is "runc-unsafe", expected none',
  ],
  'an ephemeral volume without a limit': [
    edited('deployment.yaml', 'emptyDir:\n          sizeLimit: 64Mi', 'emptyDir: {medium: Memory}'),
    'volumes[0].emptyDir: it has no sizeLimit',
  ],
  'the Secret of another server': [
    edited('deployment.yaml', `name: mcp-${SERVER}-env`, 'name: mcp-hello-q7m2d4-env'),
    'valueFrom.secretKeyRef.name: it is a Secret of others',
  ],
  'the Secret of a server whose id begins with this one': [
    edited('deployment.yaml', `name: mcp-${SERVER}-env`, `name: mcp-${SERVER}-w8h4tz-env`),
    'it is a Secret of others',
  ],
  'the access keys of another server, mounted': [
    edited('deployment.yaml', `secretName: mcp-${SERVER}-access`, 'secretName: mcp-hello-q7m2d4-access'),
    'volumes[1].secret.secretName: it is a Secret of others',
  ],
  'all variables of another server': [
    container('envFrom: [{secretRef: {name: mcp-hello-q7m2d4-env}}]'),
    'containers[0].envFrom: this field is not admitted, expected each variable by its name',
  ],
  'the value of a secret in a variable': [
    edited(
      'deployment.yaml',
      "        - name: MCP_WRAPPER_CHILD_ENV\n          value: '*'",
      '        - name: STRIPE_API_KEY\n          value: rk_live_0123456789',
    ),
    'env[2].value: a variable of this name has its value in git',
  ],
  'a value for a variable of any other name': [
    edited(
      'deployment.yaml',
      '        env:\n',
      '        env:\n        - name: NODE_OPTIONS\n          value: --import=./evil.mjs\n',
    ),
    'deployment.yaml:53 Cannot deploy spec.template.spec.containers[0].env[0].value: the variable has its value in git, expected its name under env in .mcp-hosting.yml',
  ],
  'another command for the wrapper': [
    edited('deployment.yaml', 'name: MCP_WRAPPER_CHILD_ENV', 'name: MCP_WRAPPER_COMMAND'),
    'env[2].name: no configuration of a server gives it',
  ],
  'the keys of the image': [
    edited('deployment.yaml', 'value: /etc/mcp-access/keys', 'value: /app/keys'),
    'env[3].value: it is another text, expected "/etc/mcp-access/keys"',
  ],
  'a key of its own': [
    edited(
      'deployment.yaml',
      'name: MCP_WRAPPER_KEYS_FILE\n          value: /etc/mcp-access/keys',
      `name: MCP_WRAPPER_KEY_SHA256\n          value: ${'a'.repeat(64)}`,
    ),
    'env[3].name: no configuration of a server gives it',
  ],
  'a variable twice, of which the second counts': [
    edited(
      'deployment.yaml',
      '          value: /etc/mcp-access/keys\n',
      '          value: /etc/mcp-access/keys\n        - name: MCP_WRAPPER_KEYS_FILE\n          value: ""\n',
    ),
    'env[4].name: a variable of this name stands above',
  ],
  'the name of another server for the wrapper': [
    edited(
      'deployment.yaml',
      `name: MCP_SERVER_ID\n          value: ${SERVER}`,
      'name: MCP_SERVER_ID\n          value: hello-q7m2d4',
    ),
    `env[0].value: it is another text, expected "${SERVER}"`,
  ],
  'a variable of the pod': [
    edited(
      'deployment.yaml',
      '        env:\n',
      '        env:\n        - name: NODE\n          valueFrom: {fieldRef: {fieldPath: spec.nodeName}}\n',
    ),
    'valueFrom.fieldRef: this field is not admitted',
  ],
  'a variable of a ConfigMap': [
    edited(
      'deployment.yaml',
      '        env:\n',
      '        env:\n        - name: A\n          valueFrom: {configMapKeyRef: {name: kube-root-ca.crt, key: ca.crt}}\n',
    ),
    'valueFrom.configMapKeyRef: this field is not admitted',
  ],
  'a command that goes around the wrapper': [
    container('command: [node, server.js]'),
    "containers[0].command: this field is not admitted, expected the image's own, which starts the wrapper",
  ],
  'arguments for it': [container('args: [--no-keys]'), 'containers[0].args: this field is not admitted'],
  'a hook that runs a program': [
    edited(
      'deployment.yaml',
      'preStop:\n            sleep:\n              seconds: 5',
      'preStop:\n            exec: {command: [sh]}',
    ),
    'lifecycle.preStop.exec: this field is not admitted',
  ],
  'a probe that runs a program': [
    edited(
      'deployment.yaml',
      /livenessProbe:\n {10}httpGet:\n.*\n.*\n/,
      'livenessProbe:\n          exec: {command: [sh]}\n',
    ),
    'livenessProbe.exec: this field is not admitted',
  ],
  'a second container': [
    edited(
      'deployment.yaml',
      '      volumes:\n',
      `      - name: mcp-server\n        image: 'ghcr.io/acme/mcp-servers/x@sha256:${'a'.repeat(64)}'\n      volumes:\n`,
    ),
    "containers[1]: it is a second container beside the server's, expected one",
  ],
  'a pull secret of others': [
    pod('imagePullSecrets: [{name: mcp-hello-q7m2d4-env}]'),
    'imagePullSecrets: this field is not admitted, expected them on the service account "default"',
  ],
  'another resolver': [
    pod('dnsPolicy: None\n      dnsConfig: {nameservers: [203.0.113.7]}'),
    'dnsConfig: this field is not admitted',
  ],
  'another scheduler': [pod('schedulerName: evil'), 'schedulerName: this field is not admitted'],
  'a root that can be written': [
    edited('deployment.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'),
    'readOnlyRootFilesystem: it is false, expected true',
  ],
  'a root of which nothing is said': [
    edited('deployment.yaml', '          readOnlyRootFilesystem: true\n', ''),
    'readOnlyRootFilesystem: it is missing, expected true',
  ],
  'the addresses of all Services': [
    edited('deployment.yaml', 'enableServiceLinks: false', 'enableServiceLinks: true'),
    'enableServiceLinks: it is true, expected false',
  ],
  'a surge': [edited('deployment.yaml', 'maxSurge: 1', 'maxSurge: 1000'), 'maxSurge: it is 1000, expected 1'],
  'a rollout that takes all pods first': [
    edited('deployment.yaml', 'type: RollingUpdate', 'type: Recreate'),
    'strategy.type: it is "Recreate", expected "RollingUpdate"',
  ],
  'a rollout that never begins': [
    edited('deployment.yaml', '  revisionHistoryLimit', '  paused: true\n  revisionHistoryLimit'),
    'spec.paused: this field is not admitted',
  ],
  'labels that another Service selects': [
    edited('deployment.yaml', '        app: mcp-server\n', '        app: mcp-server\n        role: database-client\n'),
    'template.metadata.labels.role: this field is not admitted',
  ],
  'labels by the kustomization': [
    edited(
      'kustomization.yaml',
      '    app.kubernetes.io/name: mcp-server',
      '    app.kubernetes.io/name: mcp-server\n    role: database-client',
    ),
    'labels.role: this field is not admitted',
  ],
  'a folder of the image, hidden': [
    edited('deployment.yaml', 'mountPath: /tmp', 'mountPath: /app'),
    'volumeMounts[0].mountPath: it is another text, expected "/tmp" or "/etc/mcp-access"',
  ],
  'its variables as files': [
    edited('deployment.yaml', `secretName: mcp-${SERVER}-access`, `secretName: mcp-${SERVER}-env`),
    'volumes[1].secret.secretName: it is a Secret of others',
  ],
  'a budget that keeps every node from being drained': [
    with_(
      `apiVersion: policy/v1\nkind: PodDisruptionBudget\n${META}spec:\n  maxUnavailable: 0\n  selector: {matchLabels: {app: mcp-server, server-id: ${SERVER}}}\n`,
    ),
    'spec.maxUnavailable: it is 0, expected 1',
  ],
  'an owner that is not there, so that it is collected': [
    edited('service.yaml', '  labels:\n', '  finalizers: [evil.example/never]\n  labels:\n'),
    'metadata.finalizers: this field is not admitted',
  ],
  'an image by its tag': [
    edited('kustomization.yaml', /digest: sha256:[0-9a-f]{64}/, 'newTag: latest'),
    'the image is not named by its digest',
  ],
  'an image without anything': [
    edited('deployment.yaml', /image: .*/, 'image: nginx'),
    'the image is not named by its digest',
  ],
  'an image of another registry': [
    edited('kustomization.yaml', 'newName: ghcr.io/acme', 'newName: docker.io/acme'),
    'containers[0].image: the image comes from docker.io, from a repository that is not allowed, expected one below ghcr.io/acme/mcp-servers',
  ],
  'an image of a host that looks alike': [
    edited('kustomization.yaml', 'newName: ghcr.io/acme/mcp-servers', 'newName: ghcr.io.evil.example/acme/mcp-servers'),
    'the image comes from ghcr.io.evil.example',
  ],
  'an image of a path that looks alike': [
    edited('kustomization.yaml', 'newName: ghcr.io/acme/mcp-servers/', 'newName: ghcr.io/acme/mcp-servers-evil/'),
    'from a repository that is not allowed',
  ],
  'an image of a user that looks alike': [
    edited('kustomization.yaml', 'newName: ghcr.io/acme/mcp-servers', 'newName: ghcr.io@evil.example/acme/mcp-servers'),
    'the image is not named by its digest',
  ],
  'more memory than the namespace lets start': [
    edited('deployment.yaml', 'memory: 256Mi', 'memory: 64Gi'),
    'limits.memory: it is "64Gi", expected a quantity up to 4096Mi',
  ],
  'no limits': [edited('deployment.yaml', /\n {10}limits:\n.*\n.*\n/, '\n'), 'limits.cpu: it is missing'],
  'a hundred replicas': [
    edited('kustomization.yaml', 'count: 1', 'count: 100'),
    'spec.replicas: it is 100, expected 10 or fewer',
  ],
  'a field that Kubernetes does not know': [
    container('imagePullPolice: Always'),
    'imagePullPolice: this field is not admitted',
  ],
  'a value of another type': [
    edited('deployment.yaml', 'periodSeconds: 2\n', 'periodSeconds: often\n'),
    'startupProbe.periodSeconds: it does not hold to the schema of Kubernetes, expected it to be integer',
  ],
  'another namespace': [
    edited('kustomization.yaml', 'namespace: mcp-servers', 'namespace: kube-system'),
    'metadata.namespace: it is "kube-system", expected "mcp-servers"',
  ],
  'a patch that changes the namespace': [
    {
      ...OVERLAY,
      'kustomization.yaml': `${OVERLAY['kustomization.yaml']}patches:\n- patch: '[{"op": "replace", "path": "/metadata/namespace", "value": "kube-system"}]'\n  target: {kind: Deployment}\n`,
    },
    'Cannot render kustomization.yaml: it uses the field "patches"',
  ],
  'the base as a resource': [
    edited('kustomization.yaml', '- service.yaml', '- service.yaml\n- ../../base'),
    'kustomization.yaml:8 Cannot render kustomization.yaml: a value in "resources.2" is of another form',
  ],
  'a remote resource': [
    edited('kustomization.yaml', '- service.yaml', '- https://evil.example/x.yaml'),
    'a value in "resources.1" is of another form',
  ],
  'a Helm chart': [
    {
      ...OVERLAY,
      'kustomization.yaml': `${OVERLAY['kustomization.yaml']}helmCharts:\n- name: evil\n  repo: https://evil.example\n`,
    },
    'it uses the field "helmCharts"',
  ],
  'a generator': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}generators: [evil.yaml]\n` },
    'it uses the field "generators"',
  ],
  'a generated Secret': [
    {
      ...OVERLAY,
      'kustomization.yaml': `${OVERLAY['kustomization.yaml']}secretGenerator:\n- name: x\n  literals: [a=b]\n`,
    },
    'it uses the field "secretGenerator"',
  ],
  'a component': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}components: [../../evil]\n` },
    'it uses the field "components"',
  ],
  'two kustomizations': [
    { ...OVERLAY, 'kustomization.yml': 'resources: []\n' },
    'Cannot render kustomization.yml: it has another name',
  ],
  'a kustomization in capitals': [
    { ...OVERLAY, Kustomization: 'resources: []\n' },
    'Cannot deploy Kustomization: its name is not plain',
  ],
  'a file in capitals': [
    { ...OVERLAY, 'Deployment.yaml': OVERLAY['deployment.yaml'] ?? '' },
    'Cannot deploy Deployment.yaml: its name is not plain',
  ],
  "a file with Argo CD's overrides": [
    { ...OVERLAY, '.argocd-source.yaml': 'kustomize: {images: [evil]}\n' },
    'Cannot deploy .argocd-source.yaml: its name begins with a dot',
  ],
  'a Secret with data': [
    with_(`apiVersion: v1\nkind: Secret\n${META}data:\n  a: c2VjcmV0\n`),
    'more.yaml:2 Cannot render more.yaml: it holds a Secret, whose values would stand in git',
  ],
  'a Secret with text': [
    with_(`apiVersion: v1\nkind: Secret\n${META}stringData: {a: hunter22}\n`),
    'it holds a Secret',
  ],
  'a Secret that is not listed': [
    { ...OVERLAY, 'more.yaml': `apiVersion: v1\nkind: Secret\n${META}stringData: {a: hunter22}\n` },
    'it holds a Secret',
  ],
  'a Role': [
    with_(`apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n${META}rules: []\n`),
    'it holds another kind of object, "rbac.authorization.k8s.io/v1 Role"',
  ],
  'a ClusterRoleBinding': [
    with_(`apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n${META}`),
    'another kind of object',
  ],
  'an Application': [
    with_(`apiVersion: argoproj.io/v1alpha1\nkind: Application\n${META}`),
    '"argoproj.io/v1alpha1 Application"',
  ],
  'a second document behind a good one': [
    {
      ...OVERLAY,
      'service.yaml': `${OVERLAY['service.yaml']}---\napiVersion: v1\nkind: Pod\n${META}spec: {containers: [{name: a, image: a}]}\n`,
    },
    'service.yaml:20 Cannot render service.yaml: it holds another kind of object, "v1 Pod"',
  ],
  'a List that hides others': [with_(`apiVersion: v1\nkind: List\n${META}items: []\n`), '"v1 List"'],
  'the host of another server': [
    edited('httproute.yaml', `- ${SERVER}.mcp.example.com`, '- hello-q7m2d4.mcp.example.com'),
    'httproute.yaml:17 Cannot deploy spec.hostnames[0]: it is the host of another server',
  ],
  'a wildcard': [edited('httproute.yaml', `- ${SERVER}.mcp.example.com`, '- "*.mcp.example.com"'), 'it is a wildcard'],
  'every host': [
    edited('httproute.yaml', `  hostnames:\n  - ${SERVER}.mcp.example.com\n`, ''),
    'spec.hostnames: it names no host',
  ],
  'a host that is nobody’s': [
    edited('httproute.yaml', `- ${SERVER}.mcp.example.com`, '- bank.example.org'),
    'the policy does not list this host under customDomains',
  ],
  'a route to another namespace': [
    edited('httproute.yaml', `      name: ${NAME}\n`, '      name: argocd-server\n      namespace: argocd\n'),
    'backendRefs[0]: it sends requests to namespace "argocd"',
  ],
  'a route to another server': [
    edited('httproute.yaml', `      name: ${NAME}\n`, '      name: mcp-hello-q7m2d4\n'),
    'it sends requests to something else than the server',
  ],
  'a route that mirrors requests': [
    edited(
      'httproute.yaml',
      '    timeouts:',
      '    filters:\n    - type: RequestMirror\n      requestMirror: {backendRef: {name: evil, port: 80}}\n    timeouts:',
    ),
    'spec.rules[0].filters: this field is not admitted',
  ],
  'another Gateway': [
    edited('httproute.yaml', 'namespace: mcp-gateway', 'namespace: kube-system'),
    'spec.parentRefs[0]: it joins another Gateway',
  ],
  'a load balancer': [
    edited('service.yaml', 'spec:\n', 'spec:\n  type: LoadBalancer\n'),
    'service.yaml:11 Cannot deploy spec.type: it is "LoadBalancer", expected "ClusterIP"',
  ],
  'a node port': [edited('service.yaml', 'spec:\n', 'spec:\n  type: NodePort\n'), 'spec.type: it is "NodePort"'],
  'an external name': [
    edited('service.yaml', 'spec:\n', 'spec:\n  type: ExternalName\n  externalName: evil.example\n'),
    'spec.externalName: it is set',
  ],
  'external addresses': [
    edited('service.yaml', 'spec:\n', 'spec:\n  externalIPs: [10.0.0.1]\n'),
    'spec.externalIPs: this field is not admitted',
  ],
  'a Service of the pods of others': [
    edited('service.yaml', `    app: mcp-server\n    server-id: ${SERVER}\n  ports`, '    app: mcp-server\n  ports'),
    'spec.selector: it is not of the pods of this server alone',
  ],
  'an Ingress where there is a Gateway': [
    with_(
      `apiVersion: networking.k8s.io/v1\nkind: Ingress\n${META}spec:\n  rules: [{host: ${SERVER}.mcp.example.com}]\n`,
    ),
    'kind: the routes of this installation are of another kind',
  ],
  'a NetworkPolicy that opens all': [
    with_(
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${META}spec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  ingress:\n  - {}\n  egress:\n  - {}\n`,
    ),
    'spec.podSelector.matchLabels: it is not of the pods of this server alone',
  ],
  'egress to everything': [
    with_(
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${META}spec:\n  podSelector: {matchLabels: {app: mcp-server, server-id: ${SERVER}}}\n  policyTypes: [Egress]\n  egress:\n  - {}\n`,
    ),
    'spec.egress[0]: it names no peer, which lets the server out to everything',
  ],
  'egress to the metadata of the cloud': [
    with_(
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${META}spec:\n  podSelector: {matchLabels: {app: mcp-server, server-id: ${SERVER}}}\n  policyTypes: [Egress]\n  egress:\n  - to: [{ipBlock: {cidr: 0.0.0.0/0}}]\n    ports: [{port: 80, protocol: TCP}]\n`,
    ),
    'private ranges lie in it, or addresses where clouds tell credentials, expected them under except',
  ],
  'the name of another server': [
    edited('service.yaml', `name: ${NAME}\n`, 'name: mcp-hello-q7m2d4\n'),
    'metadata.name: it is another text, expected',
  ],
  'the label of another server': [
    edited('service.yaml', `    server-id: ${SERVER}\nspec`, '    server-id: hello-q7m2d4\nspec'),
    'metadata.labels.server-id',
  ],
  "a hook of Argo CD's": [
    edited('service.yaml', 'spec:\n', '  annotations:\n    argocd.argoproj.io/hook: PreSync\nspec:\n'),
    'annotations.argocd.argoproj.io/hook: this annotation steers a controller',
  ],
  'a toleration of everything': [
    pod('tolerations: [{operator: Exists}]'),
    'it lets the pod onto nodes that keep others off',
  ],
  'nodes of its choice, by their labels': [
    pod('nodeSelector: {kubernetes.io/hostname: control-plane}'),
    'nodeSelector.kubernetes.io/hostname: it chooses nodes',
  ],
  'the node of another server': [
    pod(
      'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {server-id: hello-q7m2d4}}}]}}',
    ),
    'affinity.podAffinity: it chooses nodes',
  ],
  'a token of the API server, projected': [
    edited(
      'deployment.yaml',
      '      volumes:\n',
      '      volumes:\n      - name: t\n        projected: {sources: [{serviceAccountToken: {path: t}}]}\n',
    ),
    'projected: this field is not admitted',
  ],
  'a disk of its own': [
    edited(
      'deployment.yaml',
      '      volumes:\n',
      '      volumes:\n      - name: d\n        persistentVolumeClaim: {claimName: d}\n',
    ),
    'persistentVolumeClaim: this field is not admitted',
  ],
  'an ephemeral container': [
    pod('ephemeralContainers: [{name: x, image: a}]'),
    'ephemeralContainers: this field is not admitted',
  ],
  'names of its own for addresses': [
    pod('hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]'),
    'hostAliases: this field is not admitted',
  ],
  'an init container of another registry': [
    pod(`initContainers: [{name: i, image: 'docker.io/evil/i@sha256:${'a'.repeat(64)}'}]`),
    'initContainers[0].image',
  ],
  'a pod that will not go': [
    edited('deployment.yaml', 'terminationGracePeriodSeconds: 45', 'terminationGracePeriodSeconds: 99999999'),
    'terminationGracePeriodSeconds: it is 99999999, expected 600 at most',
  ],
  'half a terabyte of the disk of a node': [
    edited('deployment.yaml', 'sizeLimit: 64Mi', 'sizeLimit: 500Gi'),
    'emptyDir.sizeLimit: it is "500Gi", expected 1Gi at most',
  ],
  'a device that no quota counts': [
    edited('deployment.yaml', '          limits:\n', '          limits:\n            nvidia.com/gpu: "8"\n'),
    'no quota counts it',
  ],
  'a route to the metrics': [edited('service.yaml', 'targetPort: 3000', 'targetPort: 9464'), 'targetPort: it is 9464'],
  'the tracking label of another Application': [
    edited('service.yaml', '  labels:\n', '  labels:\n    app.kubernetes.io/instance: mcp-hello-q7m2d4\n'),
    'Argo CD may take it for a part of another Application',
  ],
  ...Object.fromEntries(
    Object.entries({
      'carriage return': '\r',
      'next line': '\u0085',
      'line separator': '\u2028',
      'paragraph separator': '\u2029',
    }).map(([name, end]): [string, [Files, string]] => [
      `a field in a comment that ends for kustomize alone, by a ${name}`,
      [
        edited('service.yaml', 'spec:\n', `spec: # clients come here${end}  type: NodePort\n`),
        'which ends a line for some readers',
      ],
    ]),
  ),
  'a directive': [
    { ...OVERLAY, 'service.yaml': `%YAML 1.1\n---\n${OVERLAY['service.yaml']}` },
    'service.yaml:1 Cannot render service.yaml: it has a directive',
  ],
  'a mark of the order of bytes between documents': [
    { ...OVERLAY, 'service.yaml': `${OVERLAY['service.yaml']}---\n\ufeffapiVersion: v1\nkind: Secret\n` },
    'U+FEFF',
  ],
  'a configuration of Argo CD beside it': [
    { ...OVERLAY, '.argocd-source.yaml': 'kustomize: {namespace: kube-system}\n' },
    '.argocd-source.yaml',
  ],
  'in the kustomization, bases': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}bases: [https://github.com/evil/x]\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, replacements': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}replacements: [{path: x.yaml}]\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, vars': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}vars: []\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, configurations': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}configurations: [x.yaml]\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, openapi': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}openapi: {path: x.json}\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, transformers': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}transformers: [x.yaml]\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, annotations for all': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}commonAnnotations: {a: b}\n` },
    'kustomization.yaml',
  ],
  'in the kustomization, another kind': [
    { ...OVERLAY, 'kustomization.yaml': `${OVERLAY['kustomization.yaml']}kind: Component\n` },
    'kustomization.yaml',
  ],
  'an anchor': [
    edited('service.yaml', 'port: 80', 'port: &a 80'),
    'service.yaml:16 Cannot render service.yaml: it uses an anchor, an alias or a tag',
  ],
  'a repeated key': [
    edited('service.yaml', 'kind: Service', 'kind: Service\nkind: Secret'),
    'service.yaml:4 Cannot render service.yaml: the key "kind" stands twice',
  ],
  'a text that YAML 1.1 reads otherwise': [
    container('tty: yes'),
    'a value means one thing in YAML 1.1 and another in 1.2',
  ],
  'no YAML at all': [
    { ...OVERLAY, 'service.yaml': '\tx: [' },
    'service.yaml:1 Cannot render service.yaml: it is not valid YAML',
  ],
  'a resource that is missing': [
    edited('kustomization.yaml', '- service.yaml', '- service.yaml\n- gone.yaml'),
    'the resource "gone.yaml" is not there',
  ],
};

const STORE = 'secrets: {store: {name: vault}}\n';

function externalSecret(change: { store?: string; target?: string; key?: string }): Files {
  const { store = 'vault', target = `${NAME}-env`, key = `mcp-servers/${SERVER}` } = change;
  const meta = META.replace(`name: ${NAME}\n`, `name: ${NAME}-env\n`);
  const remote = `{key: ${key}, property: A, conversionStrategy: Default, decodingStrategy: None, metadataPolicy: None}`;
  return with_(
    `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n${meta}spec:\n  refreshInterval: 15m0s\n  secretStoreRef: {kind: ClusterSecretStore, name: ${store}}\n  target: {name: ${target}, creationPolicy: Owner, deletionPolicy: Retain}\n  data:\n  - secretKey: A\n    remoteRef: ${remote}\n`,
  );
}

describe('an ExternalSecret', () => {
  const said = (files: Files, policy: string | null = STORE) =>
    verdict(files, { policy: { base: policy, head: policy } }).join('\n');

  test("of the server's own entry passes where the policy names the store", () => {
    expect(said(externalSecret({}))).toBe('');
    expect(said(externalSecret({}), null)).toContain('the policy names no store');
  });

  test.each([
    [{ key: 'mcp-servers/hello-q7m2d4' }, 'remoteRef.key: it is the entry of others'],
    [{ target: 'mcp-hello-q7m2d4-env' }, 'spec.target.name'],
    [{ store: 'root' }, 'spec.secretStoreRef: it is another store'],
  ])('with %j fails', (change, part) => {
    expect(said(externalSecret(change))).toContain(part);
  });
});

describe('a pull request with', () => {
  test.each(Object.entries(CASES))('%s fails, on its line', (_, [files, said]) => {
    const failures = verdict(files).filter((line) => line.startsWith('failure'));
    expect(failures.join('\n')).toContain(said);
  });

  test.each([
    ['link', 'it is a symbolic link'],
    ['submodule', 'it is a submodule'],
    ['folder', 'it is a folder'],
    ['binary', 'it is binary'],
    ['large', 'it is over 64 KiB'],
  ] as const)('a %s in an overlay fails', (kind, said) => {
    const head = [...texts(OVERLAY), { name: 'more.yaml', kind }];
    expect(told(inputOf({ head })).join('\n')).toContain(
      `failure servers/${SERVER}/more.yaml:1 Cannot deploy more.yaml: ${said}`,
    );
  });

  test.each(['Stripe-k3v9x2', 'stripe', '..', 'stripe_k3v9x2', `${'a'.repeat(60)}-k3v9x2`])(
    'the directory %s fails, since it is no server id',
    (serverId) => {
      expect(verdict(OVERLAY, { serverId }).join('\n')).toContain('its name is no server id');
    },
  );

  test('manifests of one server in the directory of another fails', () => {
    expect(verdict(OVERLAY, { serverId: 'hello-q7m2d4' }).join('\n')).toContain(
      'metadata.labels.server-id: it is another text, expected "hello-q7m2d4", as the directory says',
    );
  });

  test('what takes long to read is refused in time', () => {
    const deep = `a: ${'['.repeat(30_000)}${']'.repeat(30_000)}\n`;
    const wide = Array.from({ length: 8_000 }, (_, index) => `k${index}: 1`).join('\n');
    const bomb = `a: &a [x, x]\n${Array.from({ length: 20 }, (_, index) => `b${index}: &b${index} [*a, *a]`).join('\n')}`;
    for (const text of [deep, wide, bomb]) {
      expect(verdict({ ...OVERLAY, 'service.yaml': text }).join('\n')).toContain('failure servers/');
    }
  });
});

test('a pod belongs on the nodes of the pool that the policy names', () => {
  const policy = { base: 'nodePool: {label: pool, value: mcp}\n', head: null };
  const term = '{nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [mcp]}]}]}';
  const inPool = pod(
    `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: ${term}}}\n      tolerations: [{key: pool, operator: Equal, value: mcp, effect: NoSchedule}]`,
  );
  const elsewhere = pod('tolerations: [{key: pool, operator: Exists}]');

  expect(verdict(inPool, { policy })).toEqual([]);
  expect(verdict(OVERLAY, { policy }).join('\n')).toContain('the pod may run on nodes of others');
  expect(verdict(elsewhere, { policy }).join('\n')).toContain('it lets the pod onto nodes that keep others off');
});
