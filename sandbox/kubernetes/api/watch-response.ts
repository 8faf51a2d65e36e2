import type { ServerResponse } from 'node:http';
import { ApiError, statusOf } from '../store/api-error.ts';
import type { KubeObject } from '../store/kube-object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { apiVersionOf, type ResourceType } from '../store/resource-type.ts';
import type { ObjectFilter } from '../store/selectors.ts';
import type { StoreEvent } from '../store/store-event.ts';

/** A reader this far behind is cut off; it lists again. */
const bufferedBytesMax = 8 * 1024 * 1024;

export interface WatchOptions {
  type: ResourceType;
  namespace?: string;
  filter: ObjectFilter;
  /** Undefined or 0: begin with all that is there. */
  fromVersion: number | undefined;
  /** Whether the client asked for what is there and a bookmark after it (`sendInitialEvents`). */
  sendInitialEvents: boolean;
  allowBookmarks: boolean;
  bookmarkMs: number;
  /** The server ends the watch after this long, as the API server does. */
  timeoutMs: number;
  /** How an object is shown; tables wrap it. */
  present: (object: KubeObject) => object;
}

/** Streams changes as JSON lines until the client leaves, falls behind or the time is over. */
export function streamWatch(store: ObjectStore, response: ServerResponse, options: WatchOptions): void {
  const { type, filter, fromVersion, present } = options;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const send = (event: string, object: object) => {
    response.write(`${JSON.stringify({ type: event, object })}\n`);
    if (response.writableLength > bufferedBytesMax) response.destroy();
  };
  const bookmark = (annotations?: object) => {
    const metadata = { resourceVersion: String(store.version), ...(annotations ? { annotations } : {}) };
    send('BOOKMARK', { apiVersion: apiVersionOf(type), kind: type.kind, metadata });
  };
  const isInScope = (object: KubeObject) =>
    (options.namespace === undefined || object.metadata.namespace === options.namespace) && filter(object);
  const forward = (event: StoreEvent) => {
    if (event.resource !== type) return;
    const shown = eventFor(event, isInScope);
    if (shown !== undefined) send(shown, present(event.object));
  };

  const missed = fromVersion === undefined || fromVersion === 0 ? undefined : store.eventsSince(fromVersion);
  if (missed !== undefined && !options.sendInitialEvents) missed.forEach(forward);
  else if (fromVersion !== undefined && fromVersion !== 0 && missed === undefined) {
    send('ERROR', statusOf(new ApiError(410, 'Expired', `too old resource version: ${fromVersion}`)));
    response.end();
    return;
  } else {
    for (const object of store.list(type, options.namespace, filter)) send('ADDED', present(object));
    if (options.sendInitialEvents && options.allowBookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' });
  }

  const unsubscribe = store.subscribe(forward);
  const bookmarks = options.allowBookmarks ? setInterval(() => bookmark(), options.bookmarkMs) : undefined;
  const end = setTimeout(() => response.end(), options.timeoutMs);
  response.on('close', () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(end);
  });
}

/** An object that leaves the selection is shown as deleted, one that comes into it as added. */
function eventFor(event: StoreEvent, isInScope: ObjectFilter): StoreEvent['type'] | undefined {
  const isIn = isInScope(event.object);
  const wasIn = event.previous !== undefined && isInScope(event.previous);
  if (event.type === 'DELETED') return wasIn || isIn ? 'DELETED' : undefined;
  if (isIn) return wasIn ? 'MODIFIED' : 'ADDED';
  return wasIn ? 'DELETED' : undefined;
}
