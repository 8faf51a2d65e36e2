/** One kind of object that the API server knows. */
export interface ResourceType {
  /** Empty for the core group. */
  group: string;
  version: string;
  /** Plural, as in paths. */
  name: string;
  kind: string;
  shortNames: string[];
  namespaced: boolean;
  /** Whether `status` is written only through the `status` subresource. */
  hasStatus: boolean;
}

/**
 * What is "installed" in the sandbox's cluster. Only pods, deployments, routes and Argo CD's kinds have a controller
 * here; the others are stored, so that manifests which hold them can be applied.
 */
export const resourceTypes: readonly ResourceType[] = [
  core('namespaces', 'Namespace', ['ns'], { namespaced: false, hasStatus: true }),
  core('nodes', 'Node', ['no'], { namespaced: false, hasStatus: true }),
  core('pods', 'Pod', ['po'], { hasStatus: true }),
  core('services', 'Service', ['svc'], { hasStatus: true }),
  core('endpoints', 'Endpoints', ['ep']),
  core('secrets', 'Secret', []),
  core('configmaps', 'ConfigMap', ['cm']),
  core('events', 'Event', ['ev']),
  core('serviceaccounts', 'ServiceAccount', ['sa']),
  core('resourcequotas', 'ResourceQuota', ['quota'], { hasStatus: true }),
  core('limitranges', 'LimitRange', ['limits']),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', ['pvc'], { hasStatus: true }),
  inGroup('apps/v1', 'deployments', 'Deployment', ['deploy'], { hasStatus: true }),
  inGroup('apps/v1', 'replicasets', 'ReplicaSet', ['rs'], { hasStatus: true }),
  inGroup('networking.k8s.io/v1', 'ingresses', 'Ingress', ['ing'], { hasStatus: true }),
  inGroup('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', ['netpol']),
  inGroup('gateway.networking.k8s.io/v1', 'gateways', 'Gateway', ['gtw'], { hasStatus: true }),
  inGroup('gateway.networking.k8s.io/v1', 'httproutes', 'HTTPRoute', [], { hasStatus: true }),
  inGroup('gateway.networking.k8s.io/v1', 'referencegrants', 'ReferenceGrant', ['refgrant']),
  inGroup('gateway.networking.k8s.io/v1', 'listenersets', 'ListenerSet', [], { hasStatus: true }),
  inGroup('gateway.envoyproxy.io/v1alpha1', 'backendtrafficpolicies', 'BackendTrafficPolicy', ['btp'], {
    hasStatus: true,
  }),
  inGroup('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', ['pdb'], { hasStatus: true }),
  inGroup('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', ['hpa'], { hasStatus: true }),
  inGroup('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', ['pc'], { namespaced: false }),
  inGroup('coordination.k8s.io/v1', 'leases', 'Lease', []),
  inGroup('rbac.authorization.k8s.io/v1', 'roles', 'Role', []),
  inGroup('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', []),
  inGroup('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', [], { namespaced: false }),
  inGroup('rbac.authorization.k8s.io/v1', 'clusterrolebindings', 'ClusterRoleBinding', [], { namespaced: false }),
  inGroup('argoproj.io/v1alpha1', 'applications', 'Application', ['app', 'apps']),
  inGroup('argoproj.io/v1alpha1', 'applicationsets', 'ApplicationSet', ['appset', 'appsets'], { hasStatus: true }),
  inGroup('argoproj.io/v1alpha1', 'appprojects', 'AppProject', ['appproj', 'appprojs']),
  inGroup('keda.sh/v1alpha1', 'scaledobjects', 'ScaledObject', ['so'], { hasStatus: true }),
  inGroup('http.keda.sh/v1beta1', 'interceptorroutes', 'InterceptorRoute', [], { hasStatus: true }),
  inGroup('cert-manager.io/v1', 'certificates', 'Certificate', ['cert'], { hasStatus: true }),
  inGroup('monitoring.coreos.com/v1', 'servicemonitors', 'ServiceMonitor', ['smon']),
  inGroup('monitoring.coreos.com/v1', 'podmonitors', 'PodMonitor', ['pmon']),
  inGroup('monitoring.coreos.com/v1', 'prometheusrules', 'PrometheusRule', ['promrule']),
];

const byKind = new Map(resourceTypes.map((type) => [`${apiVersionOf(type)}/${type.kind}`, type]));
const byPath = new Map(resourceTypes.map((type) => [`${apiVersionOf(type)}/${type.name}`, type]));

export function findTypeByKind(apiVersion: string, kind: string): ResourceType | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

export function findTypeByPath(apiVersion: string, plural: string): ResourceType | undefined {
  return byPath.get(`${apiVersion}/${plural}`);
}

/** For kinds that the code itself names. @throws when the table lacks it, which is a bug */
export function typeOf(kind: string): ResourceType {
  const type = resourceTypes.find((each) => each.kind === kind);
  if (type === undefined) throw new Error(`Cannot find resource type "${kind}": not in the table`);
  return type;
}

export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The form that error messages use: `deployments.apps`, `pods`. */
export function qualifiedName(type: ResourceType): string {
  return type.group === '' ? type.name : `${type.name}.${type.group}`;
}

type Options = Partial<Pick<ResourceType, 'namespaced' | 'hasStatus'>>;

function core(name: string, kind: string, shortNames: string[], options: Options = {}): ResourceType {
  return { group: '', version: 'v1', name, kind, shortNames, namespaced: true, hasStatus: false, ...options };
}

function inGroup(
  apiVersion: string,
  name: string,
  kind: string,
  shortNames: string[],
  options: Options = {},
): ResourceType {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, name, kind, shortNames, namespaced: true, hasStatus: false, ...options };
}
