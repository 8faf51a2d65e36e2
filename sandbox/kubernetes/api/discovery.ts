import { apiVersionOf, type ResourceType, resourceTypes } from '../store/resource-type.ts';

/** The release whose behaviour this API server follows. */
const serverVersion = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+mcp-hosting-sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};

/** @returns the document that clients read to learn what the server offers, or undefined for another path */
export function discoveryAt(pathname: string): object | undefined {
  const path = pathname.replace(/\/$/, '');
  if (path === '/version') return serverVersion;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames().map(groupOf) };
  const groupVersion = /^\/(?:api|apis)\/(v1|[^/]+\/[^/]+)$/.exec(path)?.[1];
  if (groupVersion !== undefined) return resourceListOf(groupVersion);
  const group = /^\/apis\/([^/]+)$/.exec(path)?.[1];
  return group !== undefined && groupNames().includes(group) ? groupOf(group) : undefined;
}

function groupNames(): string[] {
  return [...new Set(resourceTypes.map((type) => type.group))].filter((group) => group !== '');
}

function groupOf(name: string): object {
  const versions = [...new Set(resourceTypes.filter((type) => type.group === name).map((type) => type.version))].map(
    (version) => ({ groupVersion: `${name}/${version}`, version }),
  );
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
}

function resourceListOf(groupVersion: string): object | undefined {
  const types = resourceTypes.filter((type) => apiVersionOf(type) === groupVersion);
  if (types.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: types.flatMap(resourcesOf) };
}

function resourcesOf(type: ResourceType): object[] {
  const { name, kind, namespaced, shortNames } = type;
  const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  const categories = isInAll(type) ? ['all'] : [];
  const resources: object[] = [
    { name, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames, categories },
  ];
  const sub = (suffix: string, more: object = {}) =>
    resources.push({
      name: `${name}/${suffix}`,
      singularName: '',
      namespaced,
      kind,
      verbs: ['get', 'patch', 'update'],
      ...more,
    });
  if (type.hasStatus) sub('status');
  if (kind === 'Pod') sub('log', { verbs: ['get'] });
  if (kind === 'Deployment') sub('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' });
  return resources;
}

function isInAll(type: ResourceType): boolean {
  return ['Pod', 'Service', 'Deployment', 'ReplicaSet'].includes(type.kind);
}
