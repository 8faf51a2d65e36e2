import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { EndpointCheck, Endpoints } from '../../ports/endpoint.ts';
import type { Log } from '../../ports/log.ts';
import { type BoundedFetch, createBoundedFetch } from './bounded-fetch.ts';
import { describeFailure } from './describe-failure.ts';
import { readKeyUses } from './read-key-uses.ts';
import { summarizeTools } from './summarize-tools.ts';

/** Pages of `tools/list` that are read; a server with more does not end. */
const LIST_PAGES_MAX = 20;

/** Wait for a connection that is to be closed: the check's own time is over by then. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Each check has connections of its own, closed at its end, and speaks both eras of the protocol. */
export function createEndpoints({ log }: { log: Log }): Endpoints {
  return {
    async verify(endpointUrl, accessKey, timeoutMs) {
      const connections = createBoundedFetch();
      try {
        return await withDeadline(timeoutMs, (signal) =>
          handshake({ endpointUrl, accessKey, timeoutMs, connections, signal }),
        );
      } catch (error) {
        const reason = describeFailure(error, timeoutMs);
        log.debug({ endpointUrl, reason }, 'Endpoint check failed');
        return { ok: false, reason };
      } finally {
        await connections.destroy().catch(() => {
          // The agent is dropped anyway; its sockets end with it.
        });
      }
    },
    keyUses: readKeyUses,
  };
}

interface Handshake {
  endpointUrl: string;
  accessKey: string | undefined;
  timeoutMs: number;
  connections: BoundedFetch;
  signal: AbortSignal;
}

async function handshake(options: Handshake): Promise<EndpointCheck> {
  const { accessKey, timeoutMs, connections, signal } = options;
  const transport = new StreamableHTTPClientTransport(new URL(options.endpointUrl), {
    fetch: (url, init) => connections.fetch(url, { ...init, signal: anySignal(signal, init?.signal) }),
    requestInit: { redirect: 'error', ...(accessKey ? { headers: { authorization: `Bearer ${accessKey}` } } : {}) },
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 1000,
      reconnectionDelayGrowFactor: 1,
    },
  });
  const client = new Client(
    { name: 'mcp-hosting', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, listMaxPages: LIST_PAGES_MAX },
  );
  try {
    await client.connect(transport, { timeout: timeoutMs, signal });
    const { tools } = await client.listTools(undefined, { timeout: timeoutMs, signal });
    const protocolVersion = client.getNegotiatedProtocolVersion() ?? 'unknown';
    return { ok: true, protocolVersion, ...summarizeTools(tools) };
  } finally {
    await endSession(client, transport);
  }
}

/** A legacy server keeps a session until it is told; that it answers is not needed. */
async function endSession(client: Client, transport: StreamableHTTPClientTransport): Promise<void> {
  const ended = transport.sessionId === undefined ? Promise.resolve() : transport.terminateSession();
  await Promise.race([ended.catch(() => {}), new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref())]);
  await client.close().catch(() => {
    // Closing a connection that failed fails as well; there is nothing left to close.
  });
}

/** Rejects at the deadline also when the SDK does not listen to the signal. */
async function withDeadline<Result>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DOMException('The check took too long', 'TimeoutError');
    controller.abort(error);
    reject(error);
  }, timeoutMs);
  const working = work(controller.signal);
  // When the deadline comes first, nobody waits for the work's own failure.
  working.catch(() => {});
  try {
    return await Promise.race([working, expired]);
  } finally {
    clearTimeout(timer);
  }
}

function anySignal(signal: AbortSignal, other: AbortSignal | null | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal;
}
