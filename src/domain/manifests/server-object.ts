import type { OverlayInput } from '../overlay-input.ts';

/** Name of every object that belongs to a hosted server. */
export function serverObjectName(serverId: string): string {
  return `mcp-${serverId}`;
}

/** Labels by which Deployment, Service and policies find the server's pods. A Deployment's selector never changes. */
export function selectorLabels(serverId: string): { app: string; 'server-id': string } {
  return { app: 'mcp-server', 'server-id': serverId };
}

/** Name and port of the container that runs the wrapper. */
export const CONTAINER_NAME = 'mcp-server';
export const CONTAINER_PORT = 3000;
/** Where the wrapper serves metrics without a key, to the monitoring namespace alone. */
export const METRICS_PORT = 9464;
export const SERVICE_PORT = 80;

/**
 * Pods with this label have an egress policy of their own. NetworkPolicies add up, so the namespace's default policy
 * must leave them out (`operator: DoesNotExist`), or the server's own list would restrict nothing.
 */
export const OWN_EGRESS_LABEL = 'mcp-hosting.dev/egress';

/** The host names that the server has beside its own. */
export function domainsOf({ config }: Pick<OverlayInput, 'config'>): string[] {
  return config.domains ?? [];
}

/** Every host name of the endpoint, its own first. */
export function hostsOf(input: Pick<OverlayInput, 'host' | 'config'>): string[] {
  return [input.host, ...domainsOf(input)];
}
