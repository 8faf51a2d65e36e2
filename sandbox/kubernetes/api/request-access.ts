import type { IncomingMessage } from 'node:http';
import { ApiError } from '../store/api-error.ts';
import { qualifiedName } from '../store/resource-type.ts';
import { type Access, type Caller, userName } from './access.ts';
import type { ResourcePath } from './api-path.ts';

/** What a request wants to do (kubernetes.io/docs/reference/access-authn-authz/authorization#determine-the-request-verb). */
export function accessOf(request: IncomingMessage, path: ResourcePath, query: URLSearchParams): Access {
  const { type, namespace, name, subresource } = path;
  return {
    verb: verbOf(request.method ?? 'GET', name, query),
    group: type.group,
    resource: subresource === undefined ? type.name : `${type.name}/${subresource}`,
    namespace,
    name,
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
      return query.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    default:
      return name === undefined ? 'deletecollection' : 'delete';
  }
}

/** In the API server's own words. */
export function forbidden(caller: Caller, access: Access, path: ResourcePath): ApiError {
  const object = access.name === undefined ? '' : ` ${JSON.stringify(access.name)}`;
  const where = access.namespace === undefined ? 'at the cluster scope' : `in the namespace "${access.namespace}"`;
  return new ApiError(
    403,
    'Forbidden',
    `${qualifiedName(path.type)}${object} is forbidden: User "${userName(caller)}" cannot ${access.verb} resource "${access.resource}" in API group "${access.group}" ${where}`,
  );
}
