import type { ClusterClient } from './cluster-client.ts';
import { APPLICATIONS } from './list-applications.ts';
import { field, type Json } from './parse-application.ts';

export type WatchEnd =
  /** Closed by the server, by a silence, or by the signal: go on from where it ended. */
  | { kind: 'closed' }
  /** The version is too old: list again. */
  | { kind: 'gone' }
  | { kind: 'failed'; error: unknown };

interface WatchRequest {
  namespace: string;
  resourceVersion: string | undefined;
  signal: AbortSignal;
  onEvent: (type: string, object: Json) => void;
}

const GONE = 410;

/** One watch connection, from its opening to its end. Never throws. */
export async function watchOnce(client: ClusterClient, request: WatchRequest): Promise<WatchEnd> {
  const { namespace, resourceVersion, signal, onEvent } = request;
  const { group, version, plural } = APPLICATIONS;
  const { promise, resolve } = Promise.withResolvers<WatchEnd>();
  let failure: WatchEnd | undefined;
  const controller = await client.watch
    .watch(
      `/apis/${group}/${version}/namespaces/${encodeURIComponent(namespace)}/${plural}`,
      { allowWatchBookmarks: true, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      (type, object: Json) => {
        if (type === 'ERROR') failure = endOfError(object);
        else onEvent(type, object);
      },
      (error: unknown) => resolve(failure ?? endOf(error, signal)),
    )
    .catch((error: unknown) => resolve({ kind: 'failed', error }));
  const stop = () => controller?.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** An event of type ERROR holds a `Status`; Kubernetes ends the connection after it. */
function endOfError(status: Json): WatchEnd {
  if (field(status, 'code') === GONE) return { kind: 'gone' };
  return { kind: 'failed', error: new Error(`Cannot watch Applications: the API server ended with an error event`) };
}

function endOf(error: unknown, signal: AbortSignal): WatchEnd {
  if (signal.aborted || error === null || error === undefined) return { kind: 'closed' };
  if (field(error, 'statusCode') === GONE) return { kind: 'gone' };
  // The client ends a watch that was silent for half a minute.
  if (field(error, 'name') === 'TimeoutError') return { kind: 'closed' };
  return { kind: 'failed', error };
}
