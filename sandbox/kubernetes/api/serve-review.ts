import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, notFound } from '../store/api-error.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { typeOf } from '../store/resource-type.ts';
import { type Caller, isAllowed } from './access.ts';
import { isRecord } from './merge-patch.ts';
import { readObject } from './request-body.ts';
import { sendJson } from './send-json.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export const ACCESS_REVIEW_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

const TOKEN_PATH = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/;

/** Answers `kubectl auth can-i`: whether the caller may do what the review asks. */
export async function serveAccessReview(
  { store, caller }: { store: ObjectStore; caller: Caller },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const review = await readObject(request);
  const spec = isRecord(review) && isRecord(review.spec) ? review.spec : undefined;
  const wanted = spec && isRecord(spec.resourceAttributes) ? spec.resourceAttributes : undefined;
  if (!wanted) throw badRequest('spec.resourceAttributes: Required value');
  const text = (name: string): string => (typeof wanted[name] === 'string' ? wanted[name] : '');
  const allowed = isAllowed(store, caller, {
    verb: text('verb'),
    group: text('group'),
    resource: text('subresource') === '' ? text('resource') : `${text('resource')}/${text('subresource')}`,
    namespace: text('namespace') || undefined,
    name: text('name') || undefined,
  });
  sendJson(response, 201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed },
  });
}

/** @returns the service account whose token is asked for, as `kubectl create token` does; undefined for another path */
export function tokenRequestAt(pathname: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = TOKEN_PATH.exec(pathname) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** @throws ApiError 404 for an account that is not there */
export function serveTokenRequest(
  { store, tokens }: { store: ObjectStore; tokens: ServiceAccountTokens },
  account: { namespace: string; name: string },
  response: ServerResponse,
): void {
  const { namespace, name } = account;
  if (!store.get(typeOf('ServiceAccount'), namespace, name)) throw notFound('serviceaccounts', name);
  sendJson(response, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace },
    spec: { audiences: [], expirationSeconds: null },
    status: { token: tokens.issue(account), expirationTimestamp: null },
  });
}
