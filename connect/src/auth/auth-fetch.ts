import { decodeContent } from '../http/decode-content.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpResponse } from '../http/http-response.ts';
import { SetupError } from '../setup-error.ts';
import { AUTH_ANSWER_BYTES_MAX, AUTH_ANSWER_TIMEOUT_MS, AUTH_REDIRECTS_MAX } from './auth-limits.ts';

export type AuthFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * `fetch` for metadata and tokens: https only, also after a redirect (2026-07-28 authorization, Communication Security),
 * with a time limit and a size limit, since the addresses come from a server that may be anybody's. It goes through the
 * proxy that `env` names, as all other requests do; the global one would not.
 */
export function createAuthFetch(options: {
  env: NodeJS.ProcessEnv;
  allowHttp: boolean;
  signal: AbortSignal;
}): AuthFetch {
  const { env, allowHttp } = options;
  return async (url, init = {}) => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(AUTH_ANSWER_TIMEOUT_MS)]);
    let address = new URL(url);
    for (let redirects = 0; ; redirects++) {
      assertSecure(address, allowHttp);
      const res = await send(address, { init, env, signal });
      const next = redirectOf(res, init);
      if (next === undefined || redirects >= AUTH_REDIRECTS_MAX) return res;
      address = new URL(next, address);
    }
  };
}

async function send(
  url: URL,
  { init, env, signal }: { init: RequestInit; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Response> {
  const http = new HttpClient(url, env);
  const headers = new Headers(init.headers);
  if (init.body instanceof URLSearchParams && !headers.has('content-type')) {
    headers.set('content-type', 'application/x-www-form-urlencoded');
  }
  try {
    const res = await http.send({
      method: init.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(headers),
      ...(init.body && { body: String(init.body) }),
      signal,
    });
    const body = await readLimited(res);
    const isBodiless = res.status === 204 || res.status === 205 || res.status === 304;
    return new Response(isBodiless ? null : body, { status: res.status, headers: [...res.headers] });
  } catch (error) {
    // The SDK knows the failures of `fetch` by their class.
    throw error instanceof SetupError ? error : new TypeError('fetch failed', { cause: error });
  } finally {
    http.close();
  }
}

/** Metadata may have moved; nothing that was posted is sent elsewhere. */
function redirectOf({ status, headers }: Response, { method = 'GET', redirect }: RequestInit): string | undefined {
  if (method !== 'GET' || redirect === 'manual' || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return headers.get('location') ?? undefined;
}

/** @throws SetupError auth-url-not-secure */
export function assertSecure(url: URL, allowHttp: boolean): void {
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && (allowHttp || isLoopback(url.hostname))) return;
  throw new SetupError(
    'auth-url-not-secure',
    `Cannot sign in through ${url.protocol}//${url.host}: expected https`,
    'The server names an unsafe address for signing in. Tell its owner.',
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^(127\.[\d.]+|\[::1\])$/.test(hostname);
}

async function readLimited(res: HttpResponse): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await decodeContent(res, (chunk) => {
    bytes += chunk.byteLength;
    if (bytes > AUTH_ANSWER_BYTES_MAX) {
      throw new SetupError(
        'auth-answer-too-long',
        `Cannot sign in: the answer has more than ${AUTH_ANSWER_BYTES_MAX} bytes`,
        'The server names something else than a sign-in server. Tell its owner.',
      );
    }
    chunks.push(chunk);
  });
  return Buffer.concat(chunks);
}
