import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { FetchLike } from '@modelcontextprotocol/client';
import { Agent, type Dispatcher, fetch } from 'undici';

/** One answer of the endpoint. A list of two hundred tools with their schemas is under a megabyte. */
const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;

/** Names below `localhost` are this machine (RFC 6761); not every resolver knows. */
const lookUpLocalhost: LookupFunction = (hostname, options, callback) => {
  if (!/(^|\.)localhost\.?$/i.test(hostname)) {
    lookup(hostname, options, callback);
    return;
  }
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

export interface BoundedFetch {
  fetch: FetchLike;
  /** Ends every connection, also those in the middle of an answer. */
  destroy(): Promise<void>;
}

/** `fetch` with connections of its own, that ends an answer of over 4 MiB. The Host header stays the URL's. */
export function createBoundedFetch(): BoundedFetch {
  const agent = new Agent({ connect: { lookup: lookUpLocalhost } });
  return {
    fetch: (url, init) => boundedFetch(url, init, agent),
    destroy: () => agent.destroy(),
  };
}

const boundedFetch = async (...[url, init, dispatcher]: [string | URL, RequestInit | undefined, Dispatcher]) => {
  // Node's types and undici's describe the same objects; undici's own fetch is the one that takes its Agent.
  const request = { ...init, dispatcher } as Parameters<typeof fetch>[1];
  const response = (await fetch(url, request)) as unknown as Response;
  if (!response.body) return response;
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(byteLimit()), { status, statusText, headers });
};

function byteLimit(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > RESPONSE_BYTES_MAX) controller.error(new AnswerTooLargeError());
      else controller.enqueue(chunk);
    },
  });
}

export class AnswerTooLargeError extends Error {
  constructor() {
    super(`The answer is over ${RESPONSE_BYTES_MAX} bytes`);
    this.name = 'AnswerTooLargeError';
  }
}
