import type { YamlPath } from '../locate-in-yaml.ts';
import { INTERCEPTOR } from '../manifests/keda.ts';
import { serverObjectName } from '../manifests/server-object.ts';
import { wakeServiceName } from '../manifests/wake-service.ts';
import type { Manifest } from '../read-manifests.ts';
import { describeValue } from '../schema-problems.ts';
import { type Finding, finding } from './finding.ts';
import { hostRefusal, isOwnSecret, type OverlayRules } from './overlay-rules.ts';

interface Reference {
  group?: string;
  kind?: string;
  name?: string;
  namespace?: string;
}

export function checkHttpRoute({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const {
    parentRefs,
    hostnames,
    rules: routes,
  } = spec as {
    parentRefs?: Reference[];
    hostnames?: string[];
    rules?: { backendRefs?: Reference[] }[];
  };
  return [
    ...otherRouteKind('gateway', rules),
    ...(parentRefs ?? []).flatMap((parent, index) => checkParent(parent, ['spec', 'parentRefs', index], rules)),
    ...checkHosts(hostnames, ['spec', 'hostnames'], rules),
    ...(routes ?? []).flatMap(({ backendRefs }, route) =>
      (backendRefs ?? []).flatMap((backend, index) =>
        checkBackend(backend, ['spec', 'rules', route, 'backendRefs', index], rules),
      ),
    ),
  ];
}

/** The shared Gateway, or the server's own additions to it. */
function checkParent(parent: Reference, at: YamlPath, rules: OverlayRules): Finding[] {
  const { route, namespace, serverId } = rules;
  if (route.kind !== 'gateway') return [];
  const { kind = 'Gateway', name } = parent;
  const isGateway = kind === 'Gateway' && name === route.gatewayName && parent.namespace === route.gatewayNamespace;
  const isOwn = kind === 'ListenerSet' && name === serverObjectName(serverId);
  if (isGateway || (isOwn && (parent.namespace ?? namespace) === namespace)) return [];
  const expected = `the Gateway "${route.gatewayName}" in namespace "${route.gatewayNamespace}"`;
  return [finding(at, 'it joins another Gateway or ListenerSet', expected)];
}

function checkBackend(backend: Reference, at: YamlPath, rules: OverlayRules): Finding[] {
  const { kind = 'Service', group = '', name, namespace = rules.namespace } = backend;
  const own = serverObjectName(rules.serverId);
  if (kind === 'Service' && group === '') {
    if (name === own && namespace === rules.namespace) return [];
    const isInterceptor = name === INTERCEPTOR.name && namespace === INTERCEPTOR.namespace;
    if (isInterceptor && rules.policy.scaling?.toZero) return [];
  }
  const state =
    namespace === rules.namespace
      ? 'it sends requests to something else than the server'
      : `it sends requests to namespace "${String(namespace).slice(0, 63)}"`;
  return [finding(at, state, `the Service "${own}" of this namespace`)];
}

export function checkIngress({ metadata, spec }: Manifest, rules: OverlayRules): Finding[] {
  const {
    ingressClassName,
    tls,
    rules: routes,
  } = spec as {
    ingressClassName?: string;
    tls?: { hosts?: string[]; secretName?: string }[];
    rules?: { host?: string; http?: { paths?: { backend?: { service?: { name?: string } } }[] } }[];
  };
  const { route, policy, serverId } = rules;
  const className = route.kind === 'ingress' ? route.className : undefined;
  const backends = [serverObjectName(serverId), ...(policy.scaling?.toZero ? [wakeServiceName(serverId)] : [])];
  return [
    ...otherRouteKind('ingress', rules),
    ...checkIngressAnnotations(metadata.annotations ?? {}, rules),
    ...(className !== undefined && ingressClassName !== className
      ? [finding(['spec', 'ingressClassName'], describeValue(ingressClassName), `"${className}"`)]
      : []),
    ...(tls ?? []).flatMap(({ hosts, secretName }, index) => [
      ...checkHosts(hosts, ['spec', 'tls', index, 'hosts'], rules),
      ...(secretName === policy.route?.wildcardSecret || isOwnSecret(secretName, ['tls', 'domains-tls'], rules)
        ? []
        : [finding(['spec', 'tls', index, 'secretName'], 'it is a Secret of others', `"mcp-${serverId}-tls"`)]),
    ]),
    ...(routes && routes.length > 0
      ? routes.flatMap(({ host, http }, index) => [
          ...checkHosts([host as string], ['spec', 'rules', index], rules),
          ...(http?.paths ?? []).flatMap(({ backend }, path) =>
            backends.includes(backend?.service?.name ?? '')
              ? []
              : [
                  finding(
                    ['spec', 'rules', index, 'http', 'paths', path, 'backend'],
                    'it sends requests to something else than the server',
                    `the Service "${backends[0]}"`,
                  ),
                ],
          ),
        ])
      : [finding(['spec', 'rules'], 'it has none, which takes every host', 'a rule for each host')]),
  ];
}

/** What an ingress controller and cert-manager are told; a snippet would be configuration of the whole controller. */
function checkIngressAnnotations(annotations: Record<string, string>, { route, policy }: OverlayRules): Finding[] {
  const issuers = [route.kind === 'ingress' ? route.clusterIssuer : undefined, policy.route?.clusterIssuer];
  const values: Readonly<Record<string, (value: string) => boolean>> = {
    'cert-manager.io/cluster-issuer': (value) => issuers.includes(value),
    'nginx.ingress.kubernetes.io/limit-rpm': (value) => /^[1-9][0-9]{0,5}$/.test(value),
    'nginx.ingress.kubernetes.io/upstream-hash-by': (value) => ['$http_authorization', '$remote_addr'].includes(value),
  };
  return Object.entries(annotations)
    .filter(([key, value]) => Object.hasOwn(values, key) && !values[key]?.(value))
    .map(([key]) =>
      finding(['metadata', 'annotations', key], 'its value is not one that mcp-hosting writes', 'the value as it was'),
    );
}

export const INGRESS_ANNOTATIONS: readonly string[] = [
  'cert-manager.io/cluster-issuer',
  'nginx.ingress.kubernetes.io/limit-rpm',
  'nginx.ingress.kubernetes.io/upstream-hash-by',
];

export function checkListenerSet({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { parentRef, listeners } = spec as {
    parentRef: Reference;
    listeners: { hostname: string; port: number; tls: { certificateRefs: Reference[] } }[];
  };
  return [
    ...otherRouteKind('gateway', rules),
    ...checkParent(parentRef, ['spec', 'parentRef'], rules),
    ...listeners.flatMap(({ hostname, port, tls }, index) => {
      const at: YamlPath = ['spec', 'listeners', index];
      return [
        ...checkHosts([hostname], [...at, 'hostname'], rules),
        ...(port === 443 ? [] : [finding([...at, 'port'], describeValue(port), '443')]),
        ...tls.certificateRefs.flatMap(({ kind, name, namespace }, reference) =>
          kind === 'Secret' && namespace === undefined && isOwnSecret(name, ['domains-tls'], rules)
            ? []
            : [
                finding(
                  [...at, 'tls', 'certificateRefs', reference],
                  'it is a Secret of others',
                  `"mcp-${rules.serverId}-domains-tls"`,
                ),
              ],
        ),
      ];
    }),
  ];
}

export function checkCertificate({ spec }: Manifest, rules: OverlayRules): Finding[] {
  const { secretName, dnsNames, issuerRef } = spec as {
    secretName: string;
    dnsNames: string[];
    issuerRef: { name: string };
  };
  const { route, policy, serverId } = rules;
  const issuers = [policy.route?.clusterIssuer, route.kind === 'ingress' ? route.clusterIssuer : undefined];
  const expected = issuers.filter((name) => name !== undefined).join(' or ');
  return [
    ...(isOwnSecret(secretName, ['domains-tls'], rules)
      ? []
      : [finding(['spec', 'secretName'], 'it is a Secret of others', `"mcp-${serverId}-domains-tls"`)]),
    ...checkHosts(dnsNames, ['spec', 'dnsNames'], rules),
    ...(issuers.includes(issuerRef.name)
      ? []
      : [finding(['spec', 'issuerRef', 'name'], describeValue(issuerRef.name), expected || 'no certificate')]),
  ];
}

/** @param at of a list of hosts, or of what a single one belongs to */
export function checkHosts(hosts: readonly unknown[] | undefined, at: YamlPath, rules: OverlayRules): Finding[] {
  if (!hosts || hosts.length === 0) {
    return [finding(at, 'it names no host, which takes every host of the route', `"${rules.host}"`)];
  }
  return hosts.flatMap((host, index) => {
    const refusal = hostRefusal(host, rules);
    const inList = at.at(-1) === 'hostnames' || at.at(-1) === 'hosts' || at.at(-1) === 'dnsNames';
    return refusal ? [finding(inList ? [...at, index] : at, refusal.state, refusal.expected)] : [];
  });
}

function otherRouteKind(kind: OverlayRules['route']['kind'], { route }: OverlayRules): Finding[] {
  if (route.kind === kind) return [];
  const installed = route.kind === 'gateway' ? 'an HTTPRoute, as this installation has a Gateway' : 'an Ingress';
  return [finding(['kind'], 'the routes of this installation are of another kind', installed)];
}
