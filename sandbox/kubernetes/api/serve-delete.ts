import { ApiError } from '../store/api-error.ts';
import { qualifiedName } from '../store/resource-type.ts';
import { readObject } from './request-body.ts';
import type { ResourceCall, ServedBy } from './resource-call.ts';
import { sendJson } from './send-json.ts';
import { selectionOf } from './serve-list.ts';

interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

/** Deletes one object, or all of a list that the selectors choose. */
export async function serveDelete(server: ServedBy, call: ResourceCall): Promise<void> {
  const { type, namespace, name } = call.path;
  const body = ((await readObject(call.request)) ?? {}) as DeleteOptions;
  const grace = body.gracePeriodSeconds ?? numberOf(call.query.get('gracePeriodSeconds'));
  const options = {
    ...(typeof grace === 'number' ? { graceSeconds: grace } : {}),
    dryRun: call.query.get('dryRun') === 'All' || (body.dryRun ?? []).includes('All'),
  };
  if (name === undefined) {
    if (type.namespaced && namespace === undefined) throw new ApiError(405, 'MethodNotAllowed', 'name a namespace');
    for (const object of server.store.list(type, namespace, selectionOf(call.query))) {
      server.store.remove(type, { namespace, name: object.metadata.name }, options);
    }
    return sendJson(call.response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
  }
  const removed = server.store.remove(type, { namespace, name }, { ...options, ...body.preconditions });
  const isGone = server.store.get(type, namespace, name) === undefined;
  if (!isGone) return sendJson(call.response, 200, removed);
  const details = { name, group: type.group, kind: qualifiedName(type).split('.')[0], uid: removed.metadata.uid };
  sendJson(call.response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function numberOf(text: string | null): number | undefined {
  return text === null || !/^\d+$/.test(text) ? undefined : Number(text);
}
