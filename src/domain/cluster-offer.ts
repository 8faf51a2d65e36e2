import type { OverlayPolicy } from './deployments-policy.ts';
import type { RouteSettings } from './overlay-input.ts';
import { routeImplementation } from './route-implementation.ts';

/** What servers of an installation may ask for beyond a fixed number of pods under the platform's own domain. */
export interface ClusterOffer {
  autoscaling: boolean;
  scaleToZero: boolean;
  /** Whether requests of one client can be sent to one pod. */
  affinity: boolean;
  /** Names, or `*.` and a name, that servers may take; empty: none. */
  customDomains: readonly string[];
  /** Whether values can come from a store outside of the cluster, and do where a server says nothing. */
  externalSecrets: 'none' | 'offered' | 'default';
  /** Public addresses of the cluster, which no server is let out to. */
  clusterRanges?: readonly string[];
  /** Host names that other servers have or are about to get. */
  takenDomains?: readonly string[];
  /** The platform's own domain, whose names belong to the servers they are made for. */
  ownDomain?: string;
}

/** What is offered where nothing is known of the installation. */
export const BASIC_OFFER: ClusterOffer = {
  autoscaling: false,
  scaleToZero: false,
  affinity: true,
  customDomains: [],
  externalSecrets: 'none',
};

/** What the installation and its policy offer. `ownDomain`: `mcp.example.com`. */
export function clusterOffer(options: {
  route: RouteSettings;
  policy: OverlayPolicy;
  ownDomain: string;
  takenDomains: readonly string[];
}): ClusterOffer {
  const { route, policy, ownDomain, takenDomains } = options;
  const hasCertificates = route.kind === 'ingress' || policy.route?.clusterIssuer !== undefined;
  return {
    autoscaling: policy.scaling?.auto === true,
    scaleToZero: policy.scaling?.toZero === true,
    affinity: routeImplementation(route, policy) !== 'other',
    customDomains: hasCertificates ? (policy.customDomains ?? []) : [],
    externalSecrets: policy.secrets?.store ? (policy.secrets.default === 'external' ? 'default' : 'offered') : 'none',
    ...(policy.clusterRanges ? { clusterRanges: policy.clusterRanges } : {}),
    ownDomain,
    takenDomains,
  };
}

/** Whether a host name is a listed one, or lies below a listed `*.` name. */
export function isListedDomain(domain: string, list: readonly string[]): boolean {
  return list.some((entry) =>
    entry.startsWith('*.') ? domain.endsWith(entry.slice(1)) && domain.length > entry.length - 1 : domain === entry,
  );
}

/** Whether a host name is the domain or lies below it. */
export function isWithinDomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
