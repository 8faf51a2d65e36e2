import type { YamlPath } from '../locate-in-yaml.ts';
import { EXTERNAL_SCALER_ADDRESS } from '../manifests/keda.ts';
import { serverObjectName } from '../manifests/server-object.ts';
import type { Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { checkHosts } from './check-routes.ts';
import { type Finding, finding } from './finding.ts';
import type { OverlayRules } from './overlay-rules.ts';

interface Target {
  apiVersion?: string;
  kind: string;
  name: string;
}

export function checkAutoscaler({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { scaleTargetRef, minReplicas, maxReplicas } = spec as {
    scaleTargetRef: Target;
    minReplicas?: number;
    maxReplicas: number;
  };
  return [
    ...(rules.policy.scaling?.auto ? [] : [notOffered('autoscaling', 'scaling.auto')]),
    ...checkTarget(scaleTargetRef, 'Deployment', ['spec', 'scaleTargetRef'], rules),
    ...checkPods(minReplicas, ['spec', 'minReplicas'], rules),
    ...checkPods(maxReplicas, ['spec', 'maxReplicas'], rules),
  ];
}

export function checkScaledObject({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { scaleTargetRef, maxReplicaCount, triggers } = spec as {
    scaleTargetRef: Target;
    maxReplicaCount: number;
    triggers: { metadata: Record<string, string> }[];
  };
  const name = serverObjectName(rules.serverId);
  return [
    ...(rules.policy.scaling?.toZero ? [] : [notOffered('scaling to zero', 'scaling.toZero')]),
    ...checkTarget(scaleTargetRef, 'Deployment', ['spec', 'scaleTargetRef'], rules),
    ...checkPods(maxReplicaCount, ['spec', 'maxReplicaCount'], rules),
    ...triggers.flatMap(({ metadata: { scalerAddress, interceptorRoute, ...others } }, index) => {
      const at: YamlPath = ['spec', 'triggers', index, 'metadata'];
      const isOwn = scalerAddress === EXTERNAL_SCALER_ADDRESS && interceptorRoute === name;
      if (isOwn && Object.keys(others).length === 0) return [];
      return [
        finding(at, 'it asks another scaler', `scalerAddress ${EXTERNAL_SCALER_ADDRESS}, interceptorRoute ${name}`),
      ];
    }),
  ];
}

export function checkInterceptorRoute({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { target, rules: routes } = spec as { target: { service: string }; rules: { hosts: string[] }[] };
  const name = serverObjectName(rules.serverId);
  return [
    ...(rules.policy.scaling?.toZero ? [] : [notOffered('scaling to zero', 'scaling.toZero')]),
    ...(target.service === name
      ? []
      : [finding(['spec', 'target', 'service'], describeValue(target.service), `"${name}"`)]),
    ...routes.flatMap(({ hosts }, index) => checkHosts(hosts, ['spec', 'rules', index, 'hosts'], rules)),
  ];
}

export function checkTrafficPolicy({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { targetRefs } = spec as { targetRefs: Target[] };
  return targetRefs.flatMap((target, index) => checkTarget(target, 'HTTPRoute', ['spec', 'targetRefs', index], rules));
}

export function checkReplicas(count: unknown, at: YamlPath, { bounds }: OverlayRules): Finding[] {
  if (count === undefined || (typeof count === 'number' && count <= bounds.replicas)) return [];
  return [finding(at, describeValue(count), `${bounds.replicas} or fewer`)];
}

/** As `checkReplicas`, where none is no count. */
function checkPods(count: unknown, at: YamlPath, rules: OverlayRules): Finding[] {
  if (typeof count === 'number' && count < 1) return [finding(at, describeValue(count), '1 or more')];
  return checkReplicas(count, at, rules);
}

function checkTarget({ kind, name }: Target, wanted: string, at: YamlPath, { serverId }: OverlayRules): Finding[] {
  if (kind === wanted && name === serverObjectName(serverId)) return [];
  return [finding(at, 'it points at something of others', `${wanted} "${serverObjectName(serverId)}"`)];
}

function notOffered(what: string, key: string): Finding {
  return finding(['kind'], `the policy does not offer ${what}`, `${key}: true in mcp-hosting.yml first`);
}
