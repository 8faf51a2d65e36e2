import type { RouteImplementation } from '../deployments-policy.ts';
import { quoteYaml } from '../quote-yaml.ts';
import { parseImage } from '../registry-address.ts';
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

const HOST_CHARS_MAX = 253;
/** Leaves room for a label and its dot before it, as every server's host has. */
const DOMAIN_CHARS_MAX = HOST_CHARS_MAX - 64;
const IMAGE_CHARS_MAX = 250;

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OWNER = /^@[A-Za-z0-9][A-Za-z0-9-]{0,38}(\/[A-Za-z0-9._-]{1,100})?$/;
/** The namespaces that the scaffold makes and guards itself. */
const OWN_NAMESPACES = ['mcp-servers', 'mcp-hosting'];
/** What can carry out each kind of route. */
const IMPLEMENTATIONS = { gateway: ['envoy-gateway', 'other'], ingress: ['nginx', 'other'] } as const;

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
  const among = (flag: string, value: string, values: readonly string[]) =>
    require(flag, value, values.includes(value), values.join(' or '));
  among('--route', options.route, ['gateway', 'ingress']);
  const carriers = IMPLEMENTATIONS[options.route];
  const isCarrier = carriers.some((name) => name === options.implementation);
  require('--implementation', options.implementation, isCarrier, `${carriers.join(' or ')} for --route ${options.route}`);
  among('--merge', options.merge, ['review', 'auto']);
  checkNames(options);
  checkHosts(options);
  checkLists(options);
  const isImage =
    options.image.length <= IMAGE_CHARS_MAX && parseImage(options.image) !== undefined && isPlain(options.image);
  require('--image', options.image, isImage, 'an image reference, such as ghcr.io/acme/mcp-hosting:1.0.0');
  const { servers } = options;
  const fits = Number.isInteger(servers) && servers >= 1 && servers <= SERVERS_MAX;
  require('--servers', String(servers), fits, `a whole number from 1 to ${SERVERS_MAX}`);
}

function checkNames({ gatewayNamespace, ...options }: ScaffoldOptions): void {
  const expected = 'in lower case that is no number and no word of YAML';
  const namespace = (flag: string, value: string) =>
    require(flag, value, LABEL.test(value) && isPlain(value), `the name of a namespace ${expected}`);
  const object = (flag: string, value: string) =>
    require(flag, value, isHost(value, HOST_CHARS_MAX), `a name ${expected}`);
  object('--gateway-class', options.gatewayClass);
  object('--ingress-class', options.ingressClass);
  object('--cluster-issuer', options.clusterIssuer);
  namespace('--gateway-namespace', gatewayNamespace);
  // gateway/namespace.yaml would take the pod security labels from it.
  const isOwn = OWN_NAMESPACES.includes(gatewayNamespace);
  require('--gateway-namespace', gatewayNamespace, !isOwn, `another namespace than ${OWN_NAMESPACES.join(' and ')}`);
  namespace('--monitoring-namespace', options.monitoringNamespace);
  for (const name of options.proxyNamespaces) namespace('--proxy-namespace', name);
}

function checkHosts({ domain, platformHost, route }: ScaffoldOptions): void {
  const form = 'in lower case, other letters than a to z in their xn-- form';
  const ofDomain = `a domain of at most ${DOMAIN_CHARS_MAX} characters ${form}`;
  require('--domain', domain, isHost(domain, DOMAIN_CHARS_MAX), ofDomain);
  require('--platform-host', platformHost, isHost(platformHost, HOST_CHARS_MAX), `a host name ${form}`);
  // Ingresses have a certificate each.
  const isCovered = route === 'ingress' || platformHost.slice(platformHost.indexOf('.')) === `.${domain}`;
  const below = `one label below ${domain}, which the Gateway and its certificate are for, such as hosting.${domain}`;
  require('--platform-host', platformHost, isCovered, below);
}

function checkLists({ proxyNamespaces, codeOwners }: ScaffoldOptions): void {
  const proxies = proxyNamespaces.length;
  require('--proxy-namespace', String(proxies), proxies > 0 && proxies <= PROXY_NAMESPACES_MAX, 'one to ten of them');
  for (const owner of codeOwners) require('--code-owner', owner, OWNER.test(owner), '@person or @org/team');
  const owners = codeOwners.length;
  require('--code-owner', String(owners), owners <= CODE_OWNERS_MAX, `${CODE_OWNERS_MAX} at most`);
}

function isHost(text: string, charsMax: number): boolean {
  return text.length <= charsMax && text.split('.').every((label) => LABEL.test(label)) && isPlain(text);
}

/** Whether YAML reads a text without quotes as that text, and not as a number, say: manifests hold it so. */
function isPlain(text: string): boolean {
  return quoteYaml(text, 'overlay', null) === text;
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
