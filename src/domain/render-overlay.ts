import { parseCidr } from './cidr.ts';
import type { OverlayPolicy } from './deployments-policy.ts';
import { backendTrafficPolicyManifest } from './manifests/backend-traffic-policy.ts';
import { certificateManifest } from './manifests/certificate.ts';
import type { ValidManifest } from './manifests/custom-resource.ts';
import { deploymentManifest } from './manifests/deployment.ts';
import { externalSecretManifest } from './manifests/external-secret.ts';
import { horizontalPodAutoscalerManifest } from './manifests/horizontal-pod-autoscaler.ts';
import { httpRouteManifest } from './manifests/http-route.ts';
import { ingressManifest } from './manifests/ingress.ts';
import { interceptorRouteManifest } from './manifests/interceptor-route.ts';
import { kustomization } from './manifests/kustomization.ts';
import { listenerSetManifest } from './manifests/listener-set.ts';
import { networkPolicyManifest } from './manifests/network-policy.ts';
import { podDisruptionBudgetManifest } from './manifests/pod-disruption-budget.ts';
import { scaledObjectManifest } from './manifests/scaled-object.ts';
import { domainsOf } from './manifests/server-object.ts';
import { serviceManifest } from './manifests/service.ts';
import { wakeServiceManifest } from './manifests/wake-service.ts';
import type { OverlayFiles, OverlayInput, RouteSettings } from './overlay-input.ts';
import { planScaling } from './plan-scaling.ts';
import { isImageRepository, isRegistryAddress } from './registry-address.ts';
import { routeImplementation } from './route-implementation.ts';
import { isServerId } from './server-id.ts';
import { AUTOSCALER_FILE, KUSTOMIZATION_FILE, SCALED_OBJECT_FILE, setScale } from './set-scale.ts';
import { writeYaml } from './write-yaml.ts';

/** First line of every file of an overlay. */
export const OVERLAY_COMMENT = '# Written by mcp-hosting; the next deployment overwrites changes made here.';

/**
 * Renders `servers/<server-id>/`. The same input gives the same bytes; which files there are depends on what
 * was asked for, never on `replicas`.
 *
 * @throws Error when the input is not what its types say (a bug: people's input is checked where it comes in), or a
 * manifest does not hold to its Kubernetes schema
 */
export function renderOverlay(input: OverlayInput): OverlayFiles {
  assertInput(input);
  const manifests = manifestsOf(input);
  for (const [file, manifest] of Object.entries(manifests)) validate(file, manifest);
  const documents = {
    [KUSTOMIZATION_FILE]: kustomization(input, Object.keys(manifests)),
    ...manifests,
  };
  const files = Object.fromEntries(
    Object.entries(documents).map(([file, document]) => [file, `${OVERLAY_COMMENT}\n${toYaml(document)}`]),
  );
  const isHeld = planScaling(input).kind === 'auto' && input.replicas === 0;
  return isHeld ? setScale(files, input.serverId, 0) : files;
}

function manifestsOf(input: OverlayInput): Record<string, ValidManifest> {
  const { route, config } = input;
  return {
    'deployment.yaml': deploymentManifest(input),
    'service.yaml': serviceManifest(input),
    ...(route.kind === 'gateway' ? gatewayRoute(input, route) : ingressRoute(input, route)),
    ...externalSecrets(input),
    ...(config.egress ? { 'networkpolicy.yaml': networkPolicyManifest(input, config.egress) } : {}),
    ...scaling(input),
  };
}

function externalSecrets(input: OverlayInput): Record<string, ValidManifest> {
  const { env, secrets } = input.config;
  const store = input.policy?.secrets?.store;
  if (secrets !== 'external' || !store || env.length === 0) return {};
  return { 'externalsecret.yaml': externalSecretManifest(input, store) };
}

function gatewayRoute(
  input: OverlayInput,
  route: Extract<RouteSettings, { kind: 'gateway' }>,
): Record<string, ValidManifest> {
  const domains = domainsOf(input);
  const issuer = input.policy?.route?.clusterIssuer;
  const isEnvoy = routeImplementation(route, input.policy) === 'envoy-gateway';
  const trafficPolicy = isEnvoy ? backendTrafficPolicyManifest(input) : undefined;
  return {
    'httproute.yaml': httpRouteManifest(input, route),
    ...(domains.length > 0 && issuer
      ? {
          'listenerset.yaml': listenerSetManifest(input, route, domains),
          'certificate.yaml': certificateManifest(input, domains, issuer),
        }
      : {}),
    ...(trafficPolicy ? { 'backendtrafficpolicy.yaml': trafficPolicy } : {}),
  };
}

function ingressRoute(
  input: OverlayInput,
  route: Extract<RouteSettings, { kind: 'ingress' }>,
): Record<string, ValidManifest> {
  const domains = domainsOf(input);
  const isToZero = planScaling(input).kind === 'to-zero';
  return {
    'ingress.yaml': ingressManifest(input, route),
    ...(domains.length > 0 && input.policy?.route?.wildcardSecret
      ? {
          'certificate.yaml': certificateManifest(
            input,
            domains,
            input.policy.route.clusterIssuer ?? route.clusterIssuer,
          ),
        }
      : {}),
    ...(isToZero ? { 'wake-service.yaml': wakeServiceManifest(input) } : {}),
  };
}

function scaling(input: OverlayInput): Record<string, ValidManifest> {
  const plan = planScaling(input);
  return {
    ...(plan.max > 1 ? { 'poddisruptionbudget.yaml': podDisruptionBudgetManifest(input) } : {}),
    ...(plan.kind === 'auto' ? { [AUTOSCALER_FILE]: horizontalPodAutoscalerManifest(input, plan) } : {}),
    ...(plan.kind === 'to-zero'
      ? {
          'interceptorroute.yaml': interceptorRouteManifest(input),
          [SCALED_OBJECT_FILE]: scaledObjectManifest(input, plan.max),
        }
      : {}),
  };
}

function validate(file: string, manifest: ValidManifest): void {
  try {
    manifest.validate();
  } catch (cause) {
    throw new Error(`Cannot render ${file}: it does not hold to its Kubernetes schema, expected a valid manifest`, {
      cause,
    });
  }
}

function toYaml(document: object): string {
  return writeYaml(JSON.parse(JSON.stringify(document)), 'overlay');
}

/** The last fence before git: none of these can hold anything that a name, a host or a digest may not. */
function assertInput(input: OverlayInput): void {
  const checks: [string, boolean][] = [
    ['server id', isServerId(input.serverId)],
    ['namespace', DNS_LABEL.test(input.namespace)],
    ['image', isImageRepository(input.image)],
    ['digest', /^sha256:[0-9a-f]{64}$/.test(input.digest)],
    ['version', LABEL_VALUE.test(input.version)],
    ['replicas', Number.isInteger(input.replicas) && input.replicas >= 0 && input.replicas <= REPLICAS_MAX],
    ['host', isHost(input.host)],
    ['domain', domainsOf(input).every(isHost)],
    ['policy', isPolicy(input.policy ?? {})],
    ['environment variable', input.config.env.every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name))],
  ];
  const wrong = checks.filter(([, ok]) => !ok).map(([name]) => name);
  if (wrong.length > 0) {
    throw new Error(
      `Cannot render the overlay of ${JSON.stringify(input.serverId)}: malformed ${wrong.join(', ')}, expected checked input`,
    );
  }
}

function isHost(host: string): boolean {
  return host.length <= 253 && host.split('.').every((label) => DNS_LABEL.test(label));
}

function isPolicy(policy: OverlayPolicy): boolean {
  const { route, nodePool, runtimeClass, registryMirror, secrets, clusterRanges = [] } = policy;
  const names = [route?.wildcardSecret, route?.clusterIssuer, runtimeClass, secrets?.store?.name].filter(
    (name) => name !== undefined,
  );
  return (
    names.every(isHost) &&
    (!nodePool || (LABEL_KEY.test(nodePool.label) && LABEL_VALUE.test(nodePool.value))) &&
    (secrets?.path === undefined || STORE_PATH.test(secrets.path)) &&
    (registryMirror === undefined || isRegistryAddress(registryMirror)) &&
    clusterRanges.every((range) => parseCidr(range) !== undefined)
  );
}

/** As the policy's schema has it. */
const STORE_PATH = /^(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9_{/][A-Za-z0-9_.{}/-]{0,252}$/;
const LABEL_KEY = /^(?:[a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
/** More than `.mcp-hosting.yml` allows, so that a person's own count survives. */
const REPLICAS_MAX = 100;
