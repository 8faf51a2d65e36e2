import { ApiError, badRequest } from '../store/api-error.ts';
import type { KubeObject } from '../store/kube-object.ts';
import { apiVersionOf } from '../store/resource-type.ts';
import { type ObjectFilter, parseFieldSelector, parseLabelSelector } from '../store/selectors.ts';
import type { ResourceCall, ServedBy } from './resource-call.ts';
import { sendJson } from './send-json.ts';
import { tableOf } from './table.ts';
import { streamWatch } from './watch-response.ts';

/** Longest watch; the API server ends them after 30 to 60 minutes too. */
const watchSecondsMax = 1800;

/** Lists objects, or streams their changes with `watch=true`. */
export function serveList(server: ServedBy, call: ResourceCall): void {
  const { type, namespace, name } = call.path;
  const filter = selectionOf(call.query);
  const selected: ObjectFilter = (object) => (name === undefined || object.metadata.name === name) && filter(object);
  if (call.query.get('watch') === 'true' || call.query.get('watch') === '1') {
    const seconds = Math.min(numberOf(call.query, 'timeoutSeconds') ?? watchSecondsMax, watchSecondsMax);
    return streamWatch(server.store, call.response, {
      type,
      ...(namespace === undefined ? {} : { namespace }),
      filter: selected,
      fromVersion: numberOf(call.query, 'resourceVersion'),
      sendInitialEvents: call.query.get('sendInitialEvents') === 'true',
      allowBookmarks: call.query.get('allowWatchBookmarks') === 'true',
      bookmarkMs: server.bookmarkMs,
      timeoutMs: seconds * 1000,
      present: presenterOf(server, call),
    });
  }
  const page = pageOf(server.store.list(type, namespace, selected), call.query);
  const resourceVersion = String(server.store.version);
  if (wantsTable(call)) {
    return sendJson(call.response, 200, tableOf(type.kind, page.objects, { resourceVersion, now: server.now() }));
  }
  sendJson(call.response, 200, {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: { resourceVersion, ...page.metadata },
    items: page.objects,
  });
}

/** @throws ApiError 400 for a malformed selector */
export function selectionOf(query: URLSearchParams): ObjectFilter {
  const byLabel = parseLabelSelector(query.get('labelSelector') ?? '');
  const byField = parseFieldSelector(query.get('fieldSelector') ?? '');
  return (object) => byLabel(object) && byField(object);
}

/** How single objects are shown to this client. */
export function presenterOf(server: ServedBy, call: ResourceCall): (object: KubeObject) => object {
  if (!wantsTable(call)) return (object) => object;
  return (object) =>
    tableOf(call.path.type.kind, [object], {
      resourceVersion: object.metadata.resourceVersion,
      now: server.now(),
    });
}

function wantsTable(call: ResourceCall): boolean {
  return (call.request.headers.accept ?? '').includes('as=Table');
}

/** The continue token is the last name given out; objects that come and go in between are no error. */
function pageOf(objects: KubeObject[], query: URLSearchParams): { objects: KubeObject[]; metadata: object } {
  const limit = numberOf(query, 'limit') ?? 0;
  const token = query.get('continue') ?? '';
  const after = Buffer.from(token, 'base64url').toString('utf8');
  const rest = token === '' ? objects : objects.filter((object) => positionOf(object).localeCompare(after) > 0);
  if (limit === 0 || rest.length <= limit) return { objects: rest, metadata: {} };
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined) throw new ApiError(500, 'InternalError', 'empty page');
  const next = Buffer.from(positionOf(last)).toString('base64url');
  return { objects: page, metadata: { continue: next, remainingItemCount: rest.length - limit } };
}

function positionOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,18}$/.test(text)) throw badRequest(`invalid value of ${name}: ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}
