import type { RouteImplementation } from '../deployments-policy.ts';
import { fullName, parseRepositoryName, type RepositoryName } from '../repository.ts';
import { UserError } from '../user-error.ts';

/** What the scaffold of a deployments repository is rendered for. */
export interface ScaffoldOptions {
  repository: RepositoryName;
  /** Clone URL of the repository, as Argo CD uses it. */
  repositoryUrl: string;
  /** The domain whose subdomains are the servers: `mcp.example.com`. */
  domain: string;
  route: 'gateway' | 'ingress';
  implementation: RouteImplementation;
  gatewayClass: string;
  gatewayNamespace: string;
  ingressClass: string;
  /** Where the pods run that forward requests to servers; network policies admit them. */
  proxyNamespaces: readonly string[];
  clusterIssuer: string;
  scaleToZero: boolean;
  autoscale: boolean;
  monitoring: boolean;
  monitoringNamespace: string;
  /** How many servers the quota is sized for. */
  servers: number;
  merge: 'review' | 'auto';
  /** Of CODEOWNERS: `@acme/platform`. Empty: no such file. */
  codeOwners: readonly string[];
  /** Where the bot itself is reached: `hosting.mcp.example.com`. */
  platformHost: string;
  image: string;
}

/** What a person gave, or an earlier run recorded; all optional but the domain. */
export type GivenScaffoldOptions = Partial<Omit<ScaffoldOptions, 'repository' | 'repositoryUrl'>>;

/** Servers of one namespace: the API server and Argo CD take some thousand before they want a second. */
const SERVERS_MAX = 5_000;
const CODE_OWNERS_MAX = 20;
const PROXY_NAMESPACES_MAX = 10;

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const OWNER = /^@[A-Za-z0-9][A-Za-z0-9-]{0,38}(\/[A-Za-z0-9._-]{1,100})?$/;
const IMAGE = /^[a-z0-9][a-zA-Z0-9._:/@-]{0,250}$/;

/**
 * Fills in defaults and checks every value, since each becomes part of a manifest.
 * @throws UserError `usage-invalid`
 */
export function completeScaffoldOptions(
  place: { repository: RepositoryName; githubWebUrl: string; version: string },
  given: GivenScaffoldOptions,
): ScaffoldOptions {
  const { domain } = given;
  if (domain === undefined) {
    throw invalid(
      '--domain',
      'it is not given',
      'the domain whose subdomains are the servers, such as mcp.example.com',
    );
  }
  const route = given.route ?? 'gateway';
  const gatewayNamespace = given.gatewayNamespace ?? 'gateway';
  const options: ScaffoldOptions = {
    repository: place.repository,
    repositoryUrl: `${place.githubWebUrl}/${fullName(place.repository)}.git`,
    domain,
    route,
    implementation: given.implementation ?? (route === 'gateway' ? 'envoy-gateway' : 'nginx'),
    gatewayClass: given.gatewayClass ?? 'envoy',
    gatewayNamespace,
    ingressClass: given.ingressClass ?? 'nginx',
    proxyNamespaces: given.proxyNamespaces ?? defaultProxies(route, gatewayNamespace),
    clusterIssuer: given.clusterIssuer ?? 'letsencrypt-prod',
    scaleToZero: given.scaleToZero ?? false,
    autoscale: given.autoscale ?? false,
    monitoring: given.monitoring ?? true,
    monitoringNamespace: given.monitoringNamespace ?? 'monitoring',
    servers: given.servers ?? 100,
    merge: given.merge ?? 'review',
    codeOwners: given.codeOwners ?? [],
    platformHost: given.platformHost ?? `hosting.${domain}`,
    image: given.image ?? defaultImage(place.version),
  };
  checkOptions(options);
  return options;
}

/** The bot's image of one version. */
function defaultImage(version: string): string {
  return `ghcr.io/4eyedengineer/mcp-hosting:${version}`;
}

/** Envoy Gateway runs its proxies in its own namespace, others in the Gateway's. */
function defaultProxies(route: ScaffoldOptions['route'], gatewayNamespace: string): string[] {
  return route === 'gateway' ? [gatewayNamespace, 'envoy-gateway-system'] : ['ingress-nginx'];
}

function checkOptions(options: ScaffoldOptions): void {
  const name = (flag: string, value: string) => require(flag, value, LABEL.test(value), 'a DNS label');
  const host = (flag: string, value: string) =>
    require(flag, value, value.length <= 200 && SUBDOMAIN.test(value), 'a host name in lower case');
  const among = (flag: string, value: string, values: readonly string[]) =>
    require(flag, value, values.includes(value), values.join(' or '));
  host('--domain', options.domain);
  host('--platform-host', options.platformHost);
  among('--route', options.route, ['gateway', 'ingress']);
  among('--implementation', options.implementation, ['envoy-gateway', 'nginx', 'other']);
  among('--merge', options.merge, ['review', 'auto']);
  host('--gateway-class', options.gatewayClass);
  host('--ingress-class', options.ingressClass);
  host('--cluster-issuer', options.clusterIssuer);
  name('--gateway-namespace', options.gatewayNamespace);
  name('--monitoring-namespace', options.monitoringNamespace);
  for (const namespace of options.proxyNamespaces) name('--proxy-namespace', namespace);
  const proxies = options.proxyNamespaces.length;
  require('--proxy-namespace', String(proxies), proxies > 0 && proxies <= PROXY_NAMESPACES_MAX, 'one to ten of them');
  for (const owner of options.codeOwners) require('--code-owner', owner, OWNER.test(owner), '@person or @org/team');
  const owners = options.codeOwners.length;
  require('--code-owner', String(owners), owners <= CODE_OWNERS_MAX, `${CODE_OWNERS_MAX} at most`);
  require('--image', options.image, IMAGE.test(options.image), 'an image reference');
  const { servers } = options;
  const fits = Number.isInteger(servers) && servers >= 1 && servers <= SERVERS_MAX;
  require('--servers', String(servers), fits, `a whole number from 1 to ${SERVERS_MAX}`);
}

function require(flag: string, value: string, valid: boolean, expected: string): void {
  if (!valid) throw invalid(flag, `it is ${JSON.stringify(value.slice(0, 100))}`, expected);
}

function invalid(flag: string, found: string, expected: string): UserError {
  return new UserError(
    'usage-invalid',
    `Cannot use ${flag}: ${found}, expected ${expected}`,
    'See `mcp-hosting bootstrap --help`.',
  );
}

/** @throws UserError `usage-invalid` */
export function parseRepositoryOption(text: string): RepositoryName {
  const repository = parseRepositoryName(text);
  if (!repository) throw invalid('--repository', `it is ${JSON.stringify(text.slice(0, 150))}`, 'OWNER/NAME');
  return repository;
}
