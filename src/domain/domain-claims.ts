import type { Manifest } from './read-manifests.ts';

/** A host name that a server has or is about to get, beside its own. */
export interface DomainClaim {
  serverId: string;
  domain: string;
}

/** Whether two host names are the same, or one of them is a wildcard that covers the other. */
export function domainsOverlap(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a === b || covers(a, b) || covers(b, a);
}

/** The claim that stands in the way of a host name. */
export function findClaim(domain: string, claims: readonly DomainClaim[]): DomainClaim | undefined {
  return claims.find((claim) => domainsOverlap(domain, claim.domain));
}

/** Every host name that rendered manifests ask requests for, once. */
export function hostsOfManifests(manifests: readonly Manifest[]): string[] {
  return [...new Set(manifests.flatMap(hostsOf))];
}

function covers(wildcard: string, host: string): boolean {
  return wildcard.startsWith('*.') && host.length > wildcard.length - 1 && host.endsWith(wildcard.slice(1));
}

/** A manifest may be of any shape: what is no host name is left to the check of its schema. */
function hostsOf({ kind, spec }: Manifest): string[] {
  switch (kind) {
    case 'HTTPRoute':
      return texts(field(spec, 'hostnames'));
    case 'ListenerSet':
      return list(field(spec, 'listeners')).flatMap((listener) => texts([field(listener, 'hostname')]));
    case 'Ingress':
      return list(field(spec, 'rules')).flatMap((rule) => texts([field(rule, 'host')]));
    default:
      return [];
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string');
}
