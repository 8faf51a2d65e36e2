import {
  INTERCEPTOR,
  INTERCEPTOR_ROUTE_WAVE,
  PAUSED_REPLICAS_ANNOTATION,
  SCALED_OBJECT_WAVE,
  SYNC_WAVE_ANNOTATION,
} from '../manifests/keda.ts';
import { CONTAINER_PORT, serverObjectName } from '../manifests/server-object.ts';
import { wakeServiceName } from '../manifests/wake-service.ts';
import type { Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { checkExternalSecret } from './check-external-secret.ts';
import { checkNetworkPolicy } from './check-network-policy.ts';
import { type CheckedPod, checkPod } from './check-pod.ts';
import {
  checkCertificate,
  checkHttpRoute,
  checkIngress,
  checkListenerSet,
  INGRESS_ANNOTATIONS,
} from './check-routes.ts';
import {
  checkAutoscaler,
  checkInterceptorRoute,
  checkReplicas,
  checkScaledObject,
  checkTrafficPolicy,
} from './check-scaling.ts';
import { checkSchema } from './check-schema.ts';
import { type Finding, finding } from './finding.ts';
import type { OverlayRules } from './overlay-rules.ts';

type Check = (manifest: Manifest, rules: OverlayRules) => Finding[];

/** What each kind may say beyond its schema. A kind that is not here is refused. */
const CHECKS: Readonly<Record<string, Check>> = {
  Deployment: checkDeployment,
  Service: checkService,
  Ingress: checkIngress,
  NetworkPolicy: (manifest, rules) => [
    ...checkSelector(manifest, ['spec', 'podSelector'], rules),
    ...checkNetworkPolicy(manifest, rules),
  ],
  HTTPRoute: checkHttpRoute,
  ListenerSet: checkListenerSet,
  BackendTrafficPolicy: checkTrafficPolicy,
  HorizontalPodAutoscaler: checkAutoscaler,
  PodDisruptionBudget: (manifest, rules) => checkSelector(manifest, ['spec', 'selector'], rules),
  Certificate: checkCertificate,
  ExternalSecret: checkExternalSecret,
  InterceptorRoute: checkInterceptorRoute,
  ScaledObject: checkScaledObject,
};

/** Everything in a rendered manifest that may not be deployed. */
export function checkManifest(manifest: Manifest, rules: OverlayRules): Finding[] {
  const check = CHECKS[manifest.kind];
  if (!check) return [finding(['kind'], describeValue(manifest.kind), `one of ${Object.keys(CHECKS).join(', ')}`)];
  const { sound, findings } = checkSchema(manifest);
  // What is below may take the types for granted.
  const more = sound ? check(manifest, rules) : [];
  return [...findings, ...checkMetadata(manifest, rules), ...more];
}

function checkMetadata({ kind, metadata }: Manifest, rules: OverlayRules): Finding[] {
  const names = namesOf(kind, rules.serverId);
  return [
    ...(names.includes(metadata.name)
      ? []
      : [finding(['metadata', 'name'], describeValue(metadata.name), names.map((name) => `"${name}"`).join(' or '))]),
    ...(metadata.namespace === rules.namespace
      ? []
      : [finding(['metadata', 'namespace'], describeValue(metadata.namespace), `"${rules.namespace}"`)]),
    ...(metadata.labels?.['server-id'] === rules.serverId
      ? []
      : [
          finding(
            ['metadata', 'labels', 'server-id'],
            describeValue(metadata.labels?.['server-id']),
            `"${rules.serverId}", as the directory says`,
          ),
        ]),
    ...(metadata.labels?.[TRACKING_LABEL] === undefined
      ? []
      : [
          finding(
            ['metadata', 'labels', TRACKING_LABEL],
            'by this label Argo CD may take it for a part of another Application',
            'none',
            'key',
          ),
        ]),
    ...Object.entries(metadata.annotations ?? {})
      .filter(([key, value]) => !isAdmittedAnnotation(key, value, kind))
      .map(([key]) =>
        finding(
          ['metadata', 'annotations', key],
          'this annotation steers a controller',
          'only those of mcp-hosting',
          'key',
        ),
      ),
  ];
}

/** Argo CD's own, where it tracks by labels (`application.resourceTrackingMethod`). */
const TRACKING_LABEL = 'app.kubernetes.io/instance';

/** By listed names: the objects of `a-k3v9x2-w8h4tz` begin with the name of `a-k3v9x2`. */
function namesOf(kind: string, serverId: string): string[] {
  const name = serverObjectName(serverId);
  if (kind === 'Service') return [name, wakeServiceName(serverId)];
  if (kind === 'ExternalSecret') return [`${name}-env`];
  return kind === 'Certificate' ? [`${name}-domains`] : [name];
}

/** Annotations are commands to whoever reads them: Argo CD (hooks, sync options), external-dns, load balancers. */
function isAdmittedAnnotation(key: string, value: string, kind: string): boolean {
  if (key.startsWith('mcp-hosting.dev/')) return true;
  if (kind === 'Ingress') return INGRESS_ANNOTATIONS.includes(key);
  return ANNOTATIONS[kind]?.[key] === value;
}

/** Those of KEDA, by kind: in which order they are applied, and the hold of a stopped server. */
const ANNOTATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  InterceptorRoute: { [SYNC_WAVE_ANNOTATION]: INTERCEPTOR_ROUTE_WAVE },
  ScaledObject: { [SYNC_WAVE_ANNOTATION]: SCALED_OBJECT_WAVE, [PAUSED_REPLICAS_ANNOTATION]: '0' },
};

type Labels = Record<string, string>;

function checkDeployment({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { replicas, selector, template } = spec as {
    replicas?: number;
    selector: { matchLabels?: Record<string, string> };
    template: { metadata?: { labels?: Labels; annotations?: Labels }; spec: CheckedPod };
  };
  const labels = template.metadata?.labels ?? {};
  return [
    ...checkReplicas(replicas, ['spec', 'replicas'], rules),
    ...checkLabels(selector.matchLabels, ['spec', 'selector', 'matchLabels'], rules),
    ...checkLabels(labels, ['spec', 'template', 'metadata', 'labels'], rules),
    ...Object.entries(template.metadata?.annotations ?? {})
      .filter(([key, value]) => !isAdmittedAnnotation(key, value, 'Pod'))
      .map(([key]) =>
        finding(
          ['spec', 'template', 'metadata', 'annotations', key],
          'this annotation steers a controller',
          'only those of mcp-hosting',
          'key',
        ),
      ),
    ...checkPod(template.spec, ['spec', 'template', 'spec'], rules),
  ];
}

function checkService(manifest: Manifest, rules: OverlayRules): Finding[] {
  const {
    type = 'ClusterIP',
    externalName,
    selector,
    ports = [],
  } = manifest.spec as {
    type?: string;
    ports?: { targetPort?: number | string }[];
    externalName?: string;
    selector?: Record<string, string>;
  };
  if (manifest.metadata.name === wakeServiceName(rules.serverId)) {
    const interceptor = `${INTERCEPTOR.name}.${INTERCEPTOR.namespace}.svc.cluster.local`;
    const isWake = type === 'ExternalName' && externalName === interceptor && rules.policy.scaling?.toZero === true;
    return isWake
      ? []
      : [finding(['spec'], 'it is no wake-up Service', `type ExternalName to ${interceptor}, under scaling.toZero`)];
  }
  return [
    ...(type === 'ClusterIP'
      ? []
      : [finding(['spec', 'type'], describeValue(type), '"ClusterIP": servers are reached through the route alone')]),
    ...(externalName === undefined ? [] : [finding(['spec', 'externalName'], 'it is set', 'none')]),
    ...checkLabels(selector, ['spec', 'selector'], rules),
    ...ports.flatMap(({ targetPort }, index) =>
      targetPort === CONTAINER_PORT || targetPort === 'http'
        ? []
        : [
            finding(
              ['spec', 'ports', index, 'targetPort'],
              describeValue(targetPort),
              `${CONTAINER_PORT}: metrics and whatever else listens in the pod have no route`,
            ),
          ],
    ),
  ];
}

/** A selector of labels that finds the server's pods and no others. */
function checkSelector(manifest: Manifest, path: [string, string], rules: OverlayRules): Finding[] {
  const spec = manifest.spec as Record<string, { matchLabels?: Record<string, string> } | undefined>;
  return checkLabels(spec[path[1]]?.matchLabels, [...path, 'matchLabels'], rules);
}

function checkLabels(
  labels: Record<string, string> | undefined,
  path: string[],
  { serverId }: OverlayRules,
): Finding[] {
  if (labels?.['server-id'] === serverId && labels.app === 'mcp-server') return [];
  return [finding(path, 'it is not of the pods of this server alone', `app: mcp-server and server-id: ${serverId}`)];
}
