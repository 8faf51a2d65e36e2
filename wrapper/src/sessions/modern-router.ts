import type { IncomingHttpHeaders } from 'node:http';
import type { ServerIdentity } from '../child/server-identity.ts';
import { SESSION_SUBSCRIPTIONS_MAX } from '../limits.ts';
import { ERROR, isObject, type JsonObject, type Request, type RpcError, renderResponse } from '../protocol/json-rpc.ts';
import { META } from '../protocol/meta-keys.ts';
import { findParameterMismatch } from '../protocol/modern-headers.ts';
import { type ModernMeta, withoutModernMeta } from '../protocol/modern-meta.ts';
import { SUPPORTED_VERSIONS } from '../protocol/protocol-version.ts';
import { type Caller, paramsFor } from './caller.ts';
import type { Channel } from './channel.ts';
import { HeldCalls } from './held-calls.ts';
import { acceptFilter, ListenStream } from './listen-stream.ts';
import { digestOf, type ModernAttempt, ModernCall } from './modern-call.ts';
import type { ServerInstance } from './server-instance.ts';

/** Methods of the revisions before, which 2026-07-28 has not (changelog); a legacy child would answer them. */
const LEGACY_METHODS: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/cancel',
]);

/** What is open for one request. */
export interface OpenRequest {
  /** To be called when its client leaves before the answer. */
  gone(reason: string): void;
  /** Ends a subscription from our side. */
  finish?: () => void;
}

const NOTHING_OPEN: OpenRequest = { gone: () => {} };

/** Passes the requests of modern clients on, and answers those that are the wrapper's own. */
export class ModernRouter {
  readonly #held: HeldCalls;
  readonly #listens = new Set<() => void>();

  constructor(options: { inputWaitMs: number }) {
    this.#held = new HeldCalls(options);
  }

  get heldCalls(): number {
    return this.#held.size;
  }

  /** Ends every subscription from our side. */
  finishListens(): void {
    for (const finish of [...this.#listens]) finish();
  }

  /** @param to.headers those of HTTP, where parameters are mirrored into them */
  request(
    request: Request,
    to: {
      meta: ModernMeta;
      caller: Caller;
      instance: ServerInstance;
      server: ServerIdentity;
      channel: Channel;
      headers: IncomingHttpHeaders | undefined;
    },
  ): OpenRequest | Promise<OpenRequest> {
    const { channel, server, instance, headers } = to;
    const refuse = (error: RpcError, status: number): OpenRequest => {
      channel.end(renderResponse(request.id, { error }), status);
      return NOTHING_OPEN;
    };
    if (LEGACY_METHODS.has(request.method)) {
      const message = `Method not found: ${request.method} is not part of MCP 2026-07-28`;
      return refuse({ code: ERROR.methodNotFound, message }, 404);
    }
    if (request.method === 'server/discover') {
      channel.end(renderResponse(request.id, { result: discoverResult(server) }));
      return NOTHING_OPEN;
    }
    if (request.method === 'subscriptions/listen') return this.#listen(request, { ...to, refuse });
    if (request.method !== 'tools/call' || !headers) return this.#call(request, { ...to, refuse });
    const check = (parameters: Parameters<typeof findParameterMismatch>[1]): OpenRequest | Promise<OpenRequest> => {
      const problem = findParameterMismatch(headers, parameters, request.params?.arguments);
      if (problem === undefined) return this.#call(request, { ...to, refuse });
      return refuse({ code: ERROR.headerMismatch, message: `Header mismatch: ${problem}` }, 400);
    };
    const parameters = instance.toolHeaders.of(request.params?.name);
    return parameters instanceof Promise ? parameters.then(check) : check(parameters);
  }

  #call(request: Request, to: CallContext): OpenRequest | Promise<OpenRequest> {
    const { server, instance, caller, meta, channel } = to;
    const attempt: ModernAttempt = { id: request.id, channel, meta };
    const { inputResponses, requestState } = request.params ?? {};
    if (inputResponses !== undefined && !isObject(inputResponses)) {
      return to.refuse({ code: ERROR.invalidParams, message: '"inputResponses" must be an object' }, 200);
    }
    if (server.era === 'legacy' && requestState !== undefined) {
      return this.#resume(request, { ...to, attempt, inputResponses: inputResponses ?? {} });
    }
    const { principalId } = caller;
    const call = new ModernCall({ request, attempt, principalId, instance, held: this.#held });
    if (server.era === 'legacy' && meta.logLevel !== undefined) instance.needLogLevel(meta.logLevel);
    call.start({ method: request.method, params: paramsFor(caller, paramsForEra(request.params, server)) });
    return { gone: () => call.disconnected(attempt) };
  }

  async #resume(
    request: Request,
    to: CallContext & { attempt: ModernAttempt; inputResponses: JsonObject },
  ): Promise<OpenRequest> {
    const { attempt, inputResponses, caller } = to;
    const state = String(request.params?.requestState);
    const call = await this.#held.find(state, { principalId: caller.principalId, digest: digestOf(request) });
    if (!call) {
      const message = '"requestState" is not valid for this request, or has lapsed: make the call again without it';
      return to.refuse({ code: ERROR.invalidParams, message }, 200);
    }
    call.resume(attempt, inputResponses);
    return { gone: () => call.disconnected(attempt) };
  }

  async #listen(request: Request, to: CallContext): Promise<OpenRequest> {
    const { server, instance, caller, channel } = to;
    const filter = acceptFilter(request.params?.notifications, server.capabilities);
    if (!filter) {
      return to.refuse({ code: ERROR.invalidParams, message: '"notifications" must be a subscription filter' }, 400);
    }
    if (filter.uris.length > SESSION_SUBSCRIPTIONS_MAX) {
      const message = `A subscription may name ${SESSION_SUBSCRIPTIONS_MAX} resources`;
      return to.refuse({ code: ERROR.invalidParams, message }, 400);
    }
    const holder = {};
    const isHeld = await Promise.all(
      filter.uris.map((uri) =>
        instance.subscriptions.add(uri, holder).then(
          () => true,
          () => false,
        ),
      ),
    );
    const uris = filter.uris.filter((_, i) => isHeld[i]);
    const { principalId } = caller;
    const listen = new ListenStream({ id: request.id, principalId, filter: { ...filter, uris }, channel });
    listen.acknowledge();
    instance.listens.add(listen);
    const forget = (): void => {
      this.#listens.delete(finish);
      if (!instance.listens.delete(listen)) return;
      for (const uri of uris) instance.subscriptions.remove(uri, holder);
    };
    const finish = (): void => {
      forget();
      listen.finish();
    };
    this.#listens.add(finish);
    return { gone: forget, finish };
  }
}

interface CallContext {
  meta: ModernMeta;
  caller: Caller;
  instance: ServerInstance;
  server: ServerIdentity;
  channel: Channel;
  refuse: (error: RpcError, status: number) => OpenRequest;
}

/** A legacy child gets nothing that only 2026-07-28 knows; a modern one gets what the client sent. */
function paramsForEra(params: JsonObject | undefined, server: ServerIdentity): JsonObject | undefined {
  if (server.era === 'modern' || !params) return params;
  const { inputResponses, ...others } = withoutModernMeta(params) ?? {};
  return others;
}

/** What this endpoint and the server behind it can do together (2026-07-28, discovery). */
function discoverResult(server: ServerIdentity): JsonObject {
  const { era, result, instructions, serverInfo } = server;
  if (era === 'modern') return { ...result, supportedVersions: SUPPORTED_VERSIONS };
  const { tasks, ...capabilities } = server.capabilities;
  return {
    resultType: 'complete',
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities,
    ...(instructions !== undefined && { instructions }),
    ttlMs: 0,
    cacheScope: 'private',
    ...(isObject(serverInfo) && { _meta: { [META.serverInfo]: serverInfo } }),
  };
}
