import { isListedDomain, isWithinDomain } from '../cluster-offer.ts';
import type { DeploymentsPolicy } from '../deployments-policy.ts';
import { serverObjectName } from '../manifests/server-object.ts';
import type { RouteSettings } from '../overlay-input.ts';

/** What the manifests of one server may say: the installation's settings and the policy of the base branch. */
export interface OverlayRules {
  serverId: string;
  namespace: string;
  /** The server's own host name. */
  host: string;
  /** The domain whose names belong to the servers they are made for: `mcp.example.com`. */
  ownDomain: string;
  route: RouteSettings;
  policy: DeploymentsPolicy;
  /** Image repositories, or what they begin with up to a slash: `ghcr.io/acme/mcp-servers`. */
  registries: readonly string[];
  bounds: ResourceBounds;
  quota: QuotaBounds;
}

/** What one container may have at most, and how many pods one server. */
export interface ResourceBounds {
  cpuMillis: number;
  memoryBytes: number;
  replicas: number;
}

export type QuotaName = 'pods' | 'requests.cpu' | 'requests.memory' | 'limits.cpu' | 'limits.memory';

/** What all pods of the namespace may have together, in pods, millicores and bytes; absent: not known. */
export type QuotaBounds = Partial<Record<QuotaName, number>>;

/** Suffixes of a server's Secrets: its access keys, the values of its variables, and its certificates. */
type SecretSuffix = 'access' | 'env' | 'tls' | 'domains-tls';

/** Whether a Secret is that one of the server. */
export function isOwnSecret(
  name: unknown,
  suffixes: readonly SecretSuffix[],
  { serverId }: Pick<OverlayRules, 'serverId'>,
): boolean {
  return suffixes.some((suffix) => name === `${serverObjectName(serverId)}-${suffix}`);
}

/** Why a host name may not be the server's; undefined where it may. */
export function hostRefusal(host: unknown, rules: OverlayRules): { state: string; expected: string } | undefined {
  if (host === rules.host) return undefined;
  const customDomains = rules.policy.customDomains ?? [];
  const expected = [rules.host, ...customDomains].map((name) => `"${name}"`).join(' or ');
  if (typeof host !== 'string' || host === '') return { state: 'it names no host', expected };
  if (host.includes('*')) return { state: 'it is a wildcard, which covers hosts of others', expected };
  if (isWithinDomain(host.toLowerCase(), rules.ownDomain))
    return { state: 'it is the host of another server', expected };
  if (isListedDomain(host, customDomains)) return undefined;
  return { state: 'the policy does not list this host under customDomains', expected };
}
