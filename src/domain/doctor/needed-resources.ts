import type { OverlayPolicy } from '../deployments-policy.ts';
import type { RouteSettings } from '../overlay-input.ts';
import { broken, type DoctorProblem, warning } from './diagnosis.ts';

/** A kind of object that the API server must know. */
export interface NeededResource {
  group: string;
  version: string;
  /** Plural, as the API server lists it. */
  resource: string;
  /** What asks for it. */
  why: string;
  /** What installs it. */
  install: string;
  level: DoctorProblem['level'];
}

const INSTALL = {
  argocd:
    'kubectl create namespace argocd; kubectl apply -n argocd --server-side -f https://raw.githubusercontent.com/argoproj/argo-cd/stable/manifests/install.yaml',
  gatewayApi:
    'kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/latest/download/standard-install.yaml',
  envoyGateway:
    'helm install eg oci://docker.io/envoyproxy/gateway-helm --namespace envoy-gateway-system --create-namespace',
  certManager:
    'helm install cert-manager oci://quay.io/jetstack/charts/cert-manager --namespace cert-manager --create-namespace --set crds.enabled=true',
  keda: 'helm install keda kedacore/keda --namespace keda --create-namespace',
  kedaHttp: 'helm install http-add-on kedacore/keda-add-ons-http --namespace keda',
  prometheus:
    'helm install monitoring oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack --namespace monitoring --create-namespace',
  metricsServer:
    'kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml',
} as const;

/** What the chosen route and the policy ask of the cluster beyond Kubernetes itself. */
export function neededResources({ route, policy }: { route: RouteSettings; policy: OverlayPolicy }): NeededResource[] {
  const { scaling = {}, customDomains = [], monitoring } = policy;
  const isGateway = route.kind === 'gateway';
  const hasOwnCertificates = route.kind === 'ingress' ? policy.route?.wildcardSecret === undefined : false;
  return [
    ...from('argoproj.io/v1alpha1', ['applications', 'applicationsets', 'appprojects'], 'Argo CD', INSTALL.argocd),
    ...(isGateway
      ? from('gateway.networking.k8s.io/v1', ['gateways', 'httproutes'], 'ROUTE=gateway', INSTALL.gatewayApi)
      : []),
    ...(isGateway && policy.route?.implementation === 'envoy-gateway'
      ? from('gateway.envoyproxy.io/v1alpha1', ['backendtrafficpolicies'], 'route.implementation', INSTALL.envoyGateway)
      : []),
    ...(isGateway && customDomains.length > 0
      ? from('gateway.networking.k8s.io/v1', ['listenersets'], 'customDomains', INSTALL.gatewayApi)
      : []),
    ...(customDomains.length > 0 || hasOwnCertificates
      ? from('cert-manager.io/v1', ['certificates'], 'certificates', INSTALL.certManager)
      : from('cert-manager.io/v1', ['certificates'], 'the wildcard certificate', INSTALL.certManager, 'warning')),
    ...(scaling.toZero ? scaleToZero(isGateway) : []),
    ...(scaling.auto ? from('metrics.k8s.io/v1beta1', ['pods'], 'scaling.auto', INSTALL.metricsServer) : []),
    ...(monitoring
      ? from(
          'monitoring.coreos.com/v1',
          ['podmonitors', 'prometheusrules', 'servicemonitors'],
          'monitoring',
          INSTALL.prometheus,
        )
      : []),
  ];
}

function scaleToZero(isGateway: boolean): NeededResource[] {
  return [
    ...from('keda.sh/v1alpha1', ['scaledobjects'], 'scaling.toZero', INSTALL.keda),
    ...from('http.keda.sh/v1beta1', ['interceptorroutes'], 'scaling.toZero', INSTALL.kedaHttp),
    ...(isGateway
      ? from('gateway.networking.k8s.io/v1', ['referencegrants'], 'scaling.toZero', INSTALL.gatewayApi)
      : []),
  ];
}

function from(
  groupVersion: string,
  resources: readonly string[],
  why: string,
  install: string,
  level: DoctorProblem['level'] = 'broken',
): NeededResource[] {
  const [group = '', version = ''] = groupVersion.split('/');
  return resources.map((resource) => ({ group, version, resource, why, install, level }));
}

/** @param served the resources of each `group/version`; an absent one is not served at all */
export function diagnoseResources(
  needed: readonly NeededResource[],
  served: ReadonlyMap<string, readonly string[]>,
): DoctorProblem[] {
  const missing = needed.filter(
    ({ group, version, resource }) => !served.get(`${group}/${version}`)?.includes(resource),
  );
  return missing.map(({ group, version, resource, why, install, level }) => {
    const problem = `The cluster does not know ${resource}.${group}/${version}, which "${why}" needs.`;
    return level === 'broken' ? broken(problem, install) : warning(problem, install);
  });
}
