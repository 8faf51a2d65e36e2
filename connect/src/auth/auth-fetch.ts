import { SetupError } from '../setup-error.ts';
import { AUTH_ANSWER_BYTES_MAX, AUTH_ANSWER_TIMEOUT_MS } from './auth-limits.ts';

export type AuthFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * `fetch` for metadata and tokens: https only (2026-07-28 authorization, Communication Security), with a time limit and
 * a size limit, since the addresses come from a server that may be anybody's.
 */
export function createAuthFetch(options: {
  fetch: typeof globalThis.fetch;
  allowHttp: boolean;
  signal: AbortSignal;
}): AuthFetch {
  const { fetch, allowHttp, signal } = options;
  return async (url, init = {}) => {
    assertSecure(new URL(url), allowHttp);
    const timeout = AbortSignal.timeout(AUTH_ANSWER_TIMEOUT_MS);
    const res = await fetch(url, { ...init, signal: AbortSignal.any([signal, timeout]) });
    const body = await readLimited(res);
    const isBodiless = res.status === 204 || res.status === 205 || res.status === 304;
    return new Response(isBodiless ? null : body, { status: res.status, headers: res.headers });
  };
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

async function readLimited(res: Response): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of res.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > AUTH_ANSWER_BYTES_MAX) {
      throw new SetupError(
        'auth-answer-too-long',
        `Cannot sign in: the answer has more than ${AUTH_ANSWER_BYTES_MAX} bytes`,
        'The server names something else than a sign-in server. Tell its owner.',
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
