import { NeverSentError, NotHttpError } from '../http/http-error.ts';
import { SetupError } from '../setup-error.ts';
import { ERROR, type JsonObject } from './json-rpc.ts';
import { REMOTE_TEXT_CHARACTERS_MAX } from './limits.ts';

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

export interface HttpFailure {
  kind: 'http';
  status: number;
  contentType: string;
  retryAfter: string | undefined;
  location: string | undefined;
  wwwAuthenticate: string | undefined;
  /** What the JSON-RPC error in the body says. */
  detail: string;
  rpcError: RpcError | undefined;
}

/** Why a message got no answer of the server. */
export type RemoteFailure =
  | HttpFailure
  | { kind: 'network'; code: string; wasSent: boolean }
  | { kind: 'unanswered' }
  | { kind: 'bad-answer'; detail: string }
  /** Signing in did not work. Lasting: a person must mend it, and asking again would only ask the same again. */
  | { kind: 'sign-in'; state: string; cure: string; isLasting: boolean };

export class RemoteError extends Error {
  readonly failure: RemoteFailure;

  constructor(failure: RemoteFailure) {
    super(failure.kind);
    this.name = 'RemoteError';
    this.failure = failure;
  }
}

export function toRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  if (error instanceof SetupError) {
    const { message: state, hint: cure, code } = error;
    return new RemoteError({ kind: 'sign-in', state, cure, isLasting: code !== 'sign-in-failed' });
  }
  if (error instanceof NotHttpError) return new RemoteError({ kind: 'bad-answer', detail: error.message });
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  if (error instanceof NeverSentError) return new RemoteError({ kind: 'network', code, wasSent: false });
  if (code === 'ECONNRESET' || code === 'EPIPE') return new RemoteError({ kind: 'unanswered' });
  return new RemoteError({ kind: 'network', code, wasSent: true });
}

/** Whether the server provably did nothing: it was never reached, or whoever answered refused the request. */
export function isUndone(failure: RemoteFailure): boolean {
  if (failure.kind === 'network') return !failure.wasSent;
  if (failure.kind === 'sign-in') return true;
  if (failure.kind !== 'http') return false;
  const { status } = failure;
  return REFUSALS.has(status) || (status >= 300 && status < 400);
}

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 421, 425, 429, 503]);

/** The JSON-RPC error a client gets: what happened, and what its user can do about it. */
export function describeFailure(
  failure: RemoteFailure,
  { target, ...request }: { target: string } & FailedRequest,
): { code: number; message: string; data: JsonObject } {
  const { state, cure } = explain(failure, request);
  const status = failure.kind === 'http' ? { status: failure.status } : {};
  const retryAfter = failure.kind === 'http' && failure.retryAfter ? { retryAfter: failure.retryAfter } : {};
  const message = `Cannot reach ${target}: ${state}. ${cure}`;
  return { code: ERROR.connection, message, data: { reason: failure.kind, ...status, ...retryAfter } };
}

/** What got no answer. */
export interface FailedRequest {
  /** Address of the endpoint. */
  origin: string;
  /** Whether no harm comes of it when it was carried out unnoticed. */
  isRepeatable: boolean;
}

interface Explanation {
  state: string;
  cure: string;
}

/** What happened, and what to do about it. */
export function explain(failure: RemoteFailure, { origin, isRepeatable }: FailedRequest): Explanation {
  switch (failure.kind) {
    case 'http':
      return explainStatus(failure, origin);
    case 'network':
      return explainNetwork(failure, { origin, isRepeatable });
    case 'unanswered':
      return {
        state: 'the connection ended before the server answered',
        cure: isRepeatable ? TRY_AGAIN : MAYBE_DONE,
      };
    case 'sign-in':
      return { state: failure.state, cure: failure.cure };
    case 'bad-answer':
      return { state: `the answer is not MCP (${failure.detail})`, cure: `Check the URL: ${origin}.` };
  }
}

function explainStatus(failure: HttpFailure, origin: string): Explanation {
  const { status, contentType, retryAfter, location, detail } = failure;
  const said = detail === '' ? '' : `, saying "${detail.slice(0, REMOTE_TEXT_CHARACTERS_MAX)}"`;
  const state = `${origin} answered ${status}${said}`;
  const wait = `Try again ${whenToRetry(retryAfter)}.`;
  if (status === 401) {
    return { state, cure: 'Set the API key of this server in MCP_CONNECT_KEY, or under "keys" in the config file.' };
  }
  if (status === 403) return { state, cure: 'Ask the owner of the server whether this key may use it.' };
  if (status === 404) return { state, cure: 'Check the server id and the URL; a server that was stopped is gone too.' };
  if (status === 429) return { state, cure: `Too many calls with this key. ${wait}` };
  if (status === 502 || status === 503 || status === 504) {
    return { state, cure: `The server is starting, restarting or stopped. ${wait}` };
  }
  if (status >= 300 && status < 400) {
    const cure = location ? `Use that address instead: ${location}.` : 'It names no address: check the URL.';
    return { state: `${state} with a redirect`, cure };
  }
  if (contentType === 'text/html') {
    return {
      state: `${state} with a web page`,
      cure: 'Check the URL: it must be that of the MCP endpoint, most often ending in /mcp.',
    };
  }
  if (status === 200) {
    const type =
      contentType === '' ? 'without a content type' : `with ${contentType.slice(0, REMOTE_TEXT_CHARACTERS_MAX)}`;
    return { state: `${state} ${type}, which is not MCP`, cure: `Check the URL: ${origin}.` };
  }
  return { state, cure: 'Ask the owner of the server to look at its log.' };
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function whenToRetry(retryAfter: string | undefined): string {
  const text = retryAfter?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return `in ${text} s`;
  // Dates begin with the day of the week; of anything else, a negative number say, the parser makes a date as well.
  const isDate = /^[A-Z]/i.test(text) && !Number.isNaN(Date.parse(text));
  return isDate ? `after ${new Date(text).toUTCString()}` : 'in a moment';
}

const TRY_AGAIN = 'Try again; if it stays so, check whether the server runs.';

const MAYBE_DONE = 'It may have been carried out all the same: look before you repeat it.';

const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function isCertificateProblem(code: string): boolean {
  return CERTIFICATE_CODES.has(code);
}

function explainNetwork(
  { code, wasSent }: { code: string; wasSent: boolean },
  { origin, isRepeatable }: FailedRequest,
): Explanation {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      state: `the name in ${origin} is not known (${code})`,
      cure: 'Check the server id, the URL and your network.',
    };
  }
  if (code === 'ECONNREFUSED') {
    return {
      state: `nothing listens at ${origin} (${code})`,
      cure: 'Check the URL and the port, and whether the server runs.',
    };
  }
  if (code === 'ETIMEDOUT') {
    return {
      state: `${origin} did not answer in time (${code})`,
      cure: wasSent && !isRepeatable ? `Check your network. ${MAYBE_DONE}` : 'Check your network, VPN and firewall.',
    };
  }
  if (code === 'PROXY_AUTHENTICATION') {
    return {
      state: 'the proxy wants a user and a password',
      cure: 'Put them into HTTPS_PROXY: http://user:password@host:port.',
    };
  }
  if (isCertificateProblem(code)) {
    return {
      state: `the certificate of ${origin} cannot be trusted (${code})`,
      cure: 'For a private authority, name its certificate file in NODE_EXTRA_CA_CERTS.',
    };
  }
  return {
    state: `the connection to ${origin} broke (${code})`,
    cure: wasSent && !isRepeatable ? MAYBE_DONE : TRY_AGAIN,
  };
}
