import type { Credentials } from '../auth/credentials.ts';
import { HttpClient, type HttpRequest } from '../http/http-client.ts';
import type { HttpResponse } from '../http/http-response.ts';
import { classifyMessage, type Message } from './json-rpc.ts';
import { BODY_TIMEOUT_MS, GOODBYE_TIMEOUT_MS, RENEWALS_MAX } from './limits.ts';
import { failureOf, mediaType, readAnswer } from './read-answer.ts';
import { type HttpFailure, toRemoteError } from './remote-failure.ts';
import type { Listening, Post, PostEnd, Transport } from './transport.ts';
import { writeJson } from './write-json.ts';

export interface HttpTransportOptions {
  endpoint: URL;
  credentials: Credentials;
  userAgent: string;
  headers: Record<string, string>;
  env: NodeJS.ProcessEnv;
  /** Time for which a request waits for others to sign in, in ms. */
  patienceMs: number;
  log: (text: string) => void;
}

/** Streamable HTTP, of all revisions that have it. */
export class HttpTransport implements Transport {
  readonly kind = 'http';
  readonly #options: HttpTransportOptions;
  readonly #http: HttpClient;
  readonly #closing = new AbortController();
  #renewal: Promise<boolean> | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#http = new HttpClient(options.endpoint, options.env);
  }

  async post({ message, headers, isRepeatable, silenceMs, signal, onMessage, onSession }: Post): Promise<PostEnd> {
    const res = await this.#send({
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: writeJson(message),
      isRepeatable,
      ...(silenceMs !== undefined && { silenceMs }),
      ...(signal && { signal }),
    });
    onSession?.(res.headers.get('mcp-session-id'));
    if (res.status === 202 || res.status === 204) {
      res.discard();
      return { lastEventId: undefined, retryMs: undefined };
    }
    try {
      return await readAnswer(res, (value) => this.#take(value, onMessage), Math.max(silenceMs ?? 0, BODY_TIMEOUT_MS));
    } catch (error) {
      res.destroy();
      throw toRemoteError(error);
    }
  }

  async listen({ headers, silenceMs, signal, onMessage }: Listening): Promise<PostEnd | undefined> {
    const res = await this.#send({
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream' },
      signal,
      ...(silenceMs !== undefined && { silenceMs }),
    });
    if (mediaType(res) !== 'text/event-stream') {
      res.discard();
      return undefined;
    }
    try {
      return await readAnswer(res, (value) => this.#take(value, onMessage));
    } catch (error) {
      res.destroy();
      throw toRemoteError(error);
    }
  }

  /** The server ends idle sessions by itself, so a goodbye that does not get there is no loss. */
  async endSession(headers: Record<string, string>): Promise<void> {
    const signal = AbortSignal.timeout(GOODBYE_TIMEOUT_MS);
    const own = await this.#ownHeaders();
    const res = await this.#http
      .send({ method: 'DELETE', headers: { ...headers, ...own }, signal })
      .catch(() => undefined);
    res?.destroy();
  }

  refresh(): void {
    this.#http.refresh();
  }

  close(): void {
    this.#closing.abort();
    this.#http.close();
  }

  /** Resolves with an answer of status 200, 202 or 204. */
  async #send(request: HttpRequest): Promise<HttpResponse> {
    for (let renewals = 0; ; renewals++) {
      const headers = { ...request.headers, ...(await this.#ownHeaders()) };
      const res = await this.#http.send({ ...request, headers }).catch((error: unknown) => {
        throw toRemoteError(error);
      });
      const { status } = res;
      if (status === 200 || status === 202 || status === 204) return res;
      const error = await failureOf(res);
      const failure = error.failure as HttpFailure;
      if (renewals >= RENEWALS_MAX || !isChallenge(failure)) throw error;
      if (!(await this.#renew(failure, request.signal))) throw error;
    }
  }

  /** One renewal at a time, which goes on when the request that wanted it is given up: others will want it too. */
  async #renew({ status, wwwAuthenticate }: HttpFailure, signal: AbortSignal | undefined): Promise<boolean> {
    const challenge = { status: status === 401 ? 401 : 403, wwwAuthenticate } as const;
    this.#renewal ??= this.#options.credentials.renew(challenge, this.#closing.signal).finally(() => {
      this.#renewal = undefined;
    });
    return await waitFor(this.#renewal, { timeoutMs: this.#options.patienceMs, signal });
  }

  async #ownHeaders(): Promise<Record<string, string>> {
    const authorization = await this.#options.credentials.authorization();
    return {
      ...this.#options.headers,
      'user-agent': this.#options.userAgent,
      ...(authorization !== undefined && { authorization }),
    };
  }

  #take(value: unknown, onMessage: (message: Message) => void): void {
    const message = classifyMessage(value);
    if (message) onMessage(message);
    else this.#options.log('the server sent something that is not JSON-RPC; dropped');
  }
}

/** A 403 without a challenge is a verdict: other credentials would not change it. */
function isChallenge({ status, wwwAuthenticate }: HttpFailure): boolean {
  return status === 401 || (status === 403 && /insufficient_scope/.test(wwwAuthenticate ?? ''));
}

/** False when it takes too long. */
async function waitFor(
  renewal: Promise<boolean>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<boolean> {
  let stop = (): void => {};
  const given = new Promise<boolean>((resolve) => {
    stop = () => resolve(false);
  });
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([renewal, given]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
