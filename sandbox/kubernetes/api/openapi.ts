import { apiVersionOf, type ResourceType, resourceTypes } from '../store/resource-type.ts';

/**
 * As much OpenAPI v3 as kubectl reads to learn that the server validates fields itself (`fieldValidation` on PATCH), so
 * that `kubectl apply` works without `--validate=false`.
 */
export function openApiAt(pathname: string): object | undefined {
  const groupVersions = [...new Set(resourceTypes.map(apiVersionOf))];
  if (pathname === '/openapi/v3') {
    const paths = groupVersions.map((each) => [rootOf(each), { serverRelativeURL: `/openapi/v3/${rootOf(each)}` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const groupVersion = groupVersions.find((each) => pathname === `/openapi/v3/${rootOf(each)}`);
  if (groupVersion === undefined) return undefined;
  const types = resourceTypes.filter((type) => apiVersionOf(type) === groupVersion);
  return {
    openapi: '3.0.0',
    info: { title: 'mcp-hosting sandbox', version: groupVersion },
    paths: Object.fromEntries(types.map((type) => [itemPathOf(type), { patch: patchOf(type) }])),
    components: { schemas: {} },
  };
}

function patchOf(type: ResourceType): object {
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
  return {
    parameters: [query('dryRun'), query('fieldManager'), query('fieldValidation'), query('force')],
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group: type.group, version: type.version, kind: type.kind },
  };
}

function itemPathOf(type: ResourceType): string {
  const scope = type.namespaced ? '/namespaces/{namespace}' : '';
  return `/${rootOf(apiVersionOf(type))}${scope}/${type.name}/{name}`;
}

function rootOf(apiVersion: string): string {
  return apiVersion === 'v1' ? 'api/v1' : `apis/${apiVersion}`;
}
