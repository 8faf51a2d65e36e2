import { answerInRefusal, answerOf } from './answer-of.ts';
import { isQuick, isRepeatable } from './is-repeatable.ts';
import { ERROR, errorCode, isObject, type JsonObject, type ResponseBody } from './json-rpc.ts';
import { INPUT_ROUNDS_MAX, QUICK_TIMEOUT_MS, SUBSCRIPTIONS_MAX, TOOL_PAGES_MAX } from './limits.ts';
import { Listener } from './listener.ts';
import { withIdentity } from './meta.ts';
import { mirrorRequest } from './modern-headers.ts';
import { MODERN_VERSION } from './protocol-version.ts';
import { RemoteError } from './remote-failure.ts';
import type { ToolIndex } from './tool-index.ts';
import { toLegacyBody } from './translate-result.ts';
import type { Transport } from './transport.ts';
import { type Call, EraChangedError, type ServerDescription, type Upstream, type UpstreamOptions } from './upstream.ts';

/** A server of 2026-07-28. A legacy client in front of it gets from here what its server would have done. */
export class ModernUpstream implements Upstream {
  readonly description: ServerDescription;
  readonly #transport: Transport;
  readonly #options: UpstreamOptions;
  readonly #tools: ToolIndex;
  readonly #listener: Listener;
  #isStarted = false;

  constructor(
    transport: Transport,
    options: UpstreamOptions,
    known: { description: ServerDescription; tools: ToolIndex },
  ) {
    this.description = known.description;
    this.#transport = transport;
    this.#options = options;
    this.#tools = known.tools;
    this.#listener = new Listener({
      listen: (call) => this.#exchange({ ...call, isModern: false }, call.params),
      capabilities: known.description.capabilities,
      subscriptions: options.state.subscriptions,
      events: options.events,
    });
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (!this.#options.client.isModern) void this.#listener.update();
  }

  async call(call: Call): Promise<ResponseBody> {
    if (call.isModern) return asComplete(await this.#callTool(call, call.params));
    const emulated = await this.#emulate(call);
    return emulated ?? toLegacyBody(await this.#collectInput(call));
  }

  /** 2026-07-28 has no notifications of clients: a change of roots is seen in the next answer about them. */
  async notify(): Promise<void> {}

  async close(): Promise<void> {
    this.#listener.close();
  }

  /** Methods that 2026-07-28 no longer has. */
  async #emulate({ method, params }: Call): Promise<ResponseBody | undefined> {
    const { state } = this.#options;
    switch (method) {
      case 'ping':
        return { result: {} };
      case 'logging/setLevel':
        if (typeof params?.level !== 'string') return invalidParams('"level" must be a string');
        state.logLevel = params.level;
        return { result: {} };
      case 'resources/subscribe':
        if (typeof params?.uri !== 'string') return invalidParams('"uri" must be a string');
        if (state.subscriptions.size >= SUBSCRIPTIONS_MAX) return invalidParams('Too many subscriptions');
        state.subscriptions.add(params.uri);
        await this.#listener.update();
        return { result: {} };
      case 'resources/unsubscribe':
        if (typeof params?.uri === 'string') state.subscriptions.delete(params.uri);
        await this.#listener.update();
        return { result: {} };
      default:
        return undefined;
    }
  }

  /** Asks the client what the server wants to know, and goes on with the answers (2026-07-28, MRTR). */
  async #collectInput(call: Call): Promise<ResponseBody> {
    let params = call.params;
    for (let round = 0; round < INPUT_ROUNDS_MAX; round++) {
      const body = await this.#callTool(call, params);
      if (!('result' in body) || !isObject(body.result) || body.result.resultType !== 'input_required') return body;
      const { inputRequests, requestState } = body.result;
      const answers = await Promise.all(
        Object.entries(isObject(inputRequests) ? inputRequests : {}).map(async ([key, ask]) => {
          const { method, params: asked } = isObject(ask) ? ask : {};
          const answer =
            typeof method === 'string'
              ? await call.ask({ method, params: isObject(asked) ? asked : undefined })
              : invalidParams('The server asks for something that is no request');
          return [key, answer] as const;
        }),
      );
      const refused = answers.find(([, answer]) => 'error' in answer);
      if (refused) return refused[1];
      const inputResponses = Object.fromEntries(
        answers.map(([key, answer]) => [key, 'result' in answer ? answer.result : undefined]),
      );
      params = {
        ...call.params,
        ...(answers.length > 0 && { inputResponses }),
        ...(requestState !== undefined && { requestState }),
      };
    }
    return { error: { code: ERROR.internal, message: 'The server asked for input too many times' } };
  }

  async #callTool(call: Call, params: JsonObject | undefined): Promise<ResponseBody> {
    const body = await this.#exchange(call, params);
    if (call.method === 'tools/list' && 'result' in body) return { result: this.#tools.take(body.result) };
    if (call.method !== 'tools/call' || errorCode(body) !== ERROR.headerMismatch) return body;
    // The tool is new or has changed since it was listed (2026-07-28, client behavior for custom headers).
    await this.#listTools(call);
    return await this.#exchange(call, params);
  }

  async #listTools(call: Call): Promise<void> {
    let cursor: unknown;
    for (let page = 0; page < TOOL_PAGES_MAX; page++) {
      const params = { ...(cursor !== undefined && { cursor }) };
      const list = { ...call, method: 'tools/list', isModern: false, onNotification: () => {} };
      const body = await this.#exchange(list, params);
      const result = 'result' in body && isObject(body.result) ? body.result : {};
      this.#tools.take(result);
      if (result.nextCursor === undefined || result.nextCursor === cursor) return;
      cursor = result.nextCursor;
    }
  }

  async #exchange(
    { method, isModern, signal, onNotification }: Pick<Call, 'method' | 'isModern' | 'signal' | 'onNotification'>,
    given: JsonObject | undefined,
  ): Promise<ResponseBody> {
    const id = this.#options.nextId();
    const { client, state } = this.#options;
    const params = isModern && given ? given : withIdentity(given, { ...client, logLevel: state.logLevel });
    try {
      const { body } = await answerOf(this.#transport, {
        id,
        message: { jsonrpc: '2.0', id, method, params },
        headers: {
          ...mirrorRequest({ method, params }),
          ...(method === 'tools/call' && this.#transport.kind === 'http' && this.#tools.headersFor(params)),
        },
        isRepeatable: isRepeatable(method),
        silenceMs: isQuick(method) ? QUICK_TIMEOUT_MS : this.#options.callTimeoutMs,
        signal,
        onMessage: (message) => {
          if (message.kind === 'notification') onNotification(message);
        },
      });
      if (!body) throw new RemoteError({ kind: 'unanswered' });
      return this.#checkEra(body, { isModern });
    } catch (error) {
      const answer = answerInRefusal(error);
      if (answer) return this.#checkEra(answer, { isModern });
      throw isOtherEra(error) ? new EraChangedError('era changed', { cause: error }) : error;
    }
  }

  /** A server that no longer takes this version is asked anew what it takes, unless the client chose it. */
  #checkEra(body: ResponseBody, { isModern }: { isModern: boolean }): ResponseBody {
    if (isModern || errorCode(body) !== ERROR.unsupportedVersion || !('error' in body)) return body;
    const data = isObject(body.error) ? body.error.data : undefined;
    const supported = isObject(data) && Array.isArray(data.supported) ? data.supported : [];
    if (!supported.includes(MODERN_VERSION)) throw new EraChangedError();
    return body;
  }
}

/** 400 and 404 without a JSON-RPC error come from a server of another era, or none. */
function isOtherEra(error: unknown): boolean {
  return error instanceof RemoteError && error.failure.kind === 'http' && error.failure.status === 400;
}

/** A result that does not say what it is, is complete (2026-07-28, basic, result types); strict clients want it said. */
function asComplete(body: ResponseBody): ResponseBody {
  if (!('result' in body) || !isObject(body.result) || body.result.resultType !== undefined) return body;
  return { result: { resultType: 'complete', ...body.result } };
}

function invalidParams(message: string): ResponseBody {
  return { error: { code: ERROR.invalidParams, message } };
}
