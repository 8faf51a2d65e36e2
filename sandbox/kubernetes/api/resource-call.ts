import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogReader } from '../kubelet/container-log.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { ResourcePath } from './api-path.ts';

/** What the resource handlers work with. */
export interface ServedBy {
  store: ObjectStore;
  logs: LogReader;
  now: () => Date;
  bookmarkMs: number;
}

/** One request for a resource. */
export interface ResourceCall {
  path: ResourcePath;
  query: URLSearchParams;
  request: IncomingMessage;
  response: ServerResponse;
}
