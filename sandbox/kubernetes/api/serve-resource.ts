import type { Pod } from '../kubelet/pod.ts';
import { ApiError, badRequest, notFound } from '../store/api-error.ts';
import type { KubeObject, Manifest } from '../store/kube-object.ts';
import type { WritePart } from '../store/object-store.ts';
import { apiVersionOf, qualifiedName } from '../store/resource-type.ts';
import { applyPatch, isServerSideApply } from './apply-patch.ts';
import { streamLog } from './log-response.ts';
import { isRecord } from './merge-patch.ts';
import { contentTypeOf, readObject } from './request-body.ts';
import type { ResourceCall, ServedBy } from './resource-call.ts';
import { scaleOf, withScale } from './scale.ts';
import { sendJson } from './send-json.ts';
import { serveDelete } from './serve-delete.ts';
import { presenterOf, selectionOf, serveList } from './serve-list.ts';

/** Answers one request for an object or a list of them. @throws ApiError for everything that does not work out */
export async function serveResource(server: ServedBy, call: ResourceCall): Promise<void> {
  const { name } = call.path;
  switch (call.request.method) {
    case 'GET':
      return name === undefined || call.query.get('watch') === 'true'
        ? serveList(server, call)
        : serveGet(server, call);
    case 'POST':
      return serveCreate(server, call);
    case 'PUT':
      return serveReplace(server, call);
    case 'PATCH':
      return servePatch(server, call);
    case 'DELETE':
      return serveDelete(server, call);
    default:
      throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
}

function serveGet(server: ServedBy, call: ResourceCall): void {
  const { subresource } = call.path;
  const object = require(server, call);
  if (subresource === 'log' && call.path.type.kind === 'Pod') {
    streamLog({
      pod: object as unknown as Pod,
      query: call.query,
      logs: server.logs,
      response: call.response,
      now: server.now(),
    });
    return;
  }
  if (subresource === 'scale') return sendJson(call.response, 200, scaleOf(object));
  partOf(call);
  sendJson(call.response, 200, presenterOf(server, call)(object));
}

async function serveCreate(server: ServedBy, call: ResourceCall): Promise<void> {
  if (call.path.name !== undefined) throw new ApiError(405, 'MethodNotAllowed', 'POST is for lists');
  const manifest = manifestFrom(await readObject(call.request), call);
  const created = server.store.create(call.path.type, manifest, { dryRun: isDryRun(call) });
  sendJson(call.response, 201, presenterOf(server, call)(created));
}

async function serveReplace(server: ServedBy, call: ResourceCall): Promise<void> {
  const body = await readObject(call.request);
  if (call.path.subresource === 'scale') return serveScale(server, call, body);
  const manifest = manifestFrom(body, call);
  if (manifest.metadata.name !== call.path.name) throw badRequest('the name of the object does not match the URL');
  const replaced = server.store.replace(call.path.type, manifest, { part: partOf(call), dryRun: isDryRun(call) });
  sendJson(call.response, 200, presenterOf(server, call)(replaced));
}

async function servePatch(server: ServedBy, call: ResourceCall): Promise<void> {
  const { type, namespace, name = '' } = call.path;
  const contentType = contentTypeOf(call.request);
  const patch = await readObject(call.request);
  if (patch === undefined) throw badRequest('the body of the request is empty');
  const present = server.store.get(type, namespace, name);
  if (present === undefined && isServerSideApply(contentType)) {
    const created = server.store.create(type, manifestFrom(patch, call), { dryRun: isDryRun(call) });
    return sendJson(call.response, 201, presenterOf(server, call)(created));
  }
  if (present === undefined) throw notFound(qualifiedName(type), name);
  if (call.path.subresource === 'scale') {
    return serveScale(server, call, applyPatch(scaleOf(present), patch, contentType));
  }
  const patched = applyPatch(present, patch, contentType);
  const replaced = server.store.replace(type, patched, { part: partOf(call), dryRun: isDryRun(call) });
  sendJson(call.response, 200, presenterOf(server, call)(replaced));
}

function serveScale(server: ServedBy, call: ResourceCall, scale: unknown): void {
  const wanted = withScale(require(server, call), scale);
  sendJson(call.response, 200, scaleOf(server.store.replace(call.path.type, wanted, { dryRun: isDryRun(call) })));
}

function require(server: ServedBy, call: ResourceCall): KubeObject {
  const { type, namespace, name = '' } = call.path;
  const object = server.store.get(type, namespace, name);
  if (object === undefined || !selectionOf(call.query)(object)) throw notFound(qualifiedName(type), name);
  return object;
}

/** @throws ApiError 404 for a subresource that this type has not */
function partOf(call: ResourceCall): WritePart {
  const { subresource, type } = call.path;
  if (subresource === undefined || (subresource === 'finalize' && type.kind === 'Namespace')) return 'object';
  if (subresource === 'status' && type.hasStatus) return 'status';
  throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

/** Fills in apiVersion, kind and namespace from the path, as the API server does. */
function manifestFrom(body: unknown, call: ResourceCall): Manifest {
  if (!isRecord(body) || !isRecord(body.metadata)) throw badRequest('the body of the request is no object');
  const manifest = {
    apiVersion: apiVersionOf(call.path.type),
    kind: call.path.type.kind,
    ...body,
  } as unknown as Manifest;
  const { namespace } = call.path;
  const given = manifest.metadata.namespace;
  if (namespace !== undefined && given !== undefined && given !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  return namespace === undefined ? manifest : { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

function isDryRun(call: ResourceCall): boolean {
  return call.query.get('dryRun') === 'All';
}
