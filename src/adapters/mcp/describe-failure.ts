import { SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import { AnswerTooLargeError } from './bounded-fetch.ts';

const CAUSES_MAX = 8;

/**
 * One sentence for people. Only codes and numbers of an error are used: its message can hold the endpoint's own text.
 */
export function describeFailure(error: unknown, timeoutMs: number): string {
  const chain = causesOf(error);
  const http = chain.find((cause) => cause instanceof SdkHttpError);
  if (http) return describeStatus(http.status);
  if (chain.some((cause) => cause instanceof UnauthorizedError)) return describeStatus(401);
  if (chain.some(isTimeout)) return `The endpoint did not finish the MCP handshake within ${timeoutMs / 1000} s.`;
  if (chain.some((cause) => cause instanceof AnswerTooLargeError)) return "The endpoint's answer is too large.";
  const network = chain.filter((cause) => !(cause instanceof SdkError)).map((cause) => field(cause, 'code'));
  const code = network.find((candidate) =>
    /^(E[A-Z_]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z_]+_CERT[A-Z_]*)$/.test(candidate),
  );
  if (code !== undefined) return `The endpoint cannot be reached (${code}).`;
  const sdk = chain.find((cause) => cause instanceof SdkError);
  if (sdk?.code === SdkErrorCode.ListPaginationExceeded) return "The endpoint's list of tools does not end.";
  if (sdk?.code === SdkErrorCode.EraNegotiationFailed) return 'The endpoint answers, but not as an MCP server does.';
  return sdk ? `The MCP handshake failed (${sdk.code}).` : 'The endpoint does not speak MCP as expected.';
}

function describeStatus(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `The endpoint refuses the access key (HTTP ${status}).`;
    case 404:
      return 'Nothing answers at the endpoint yet (HTTP 404).';
    case 429:
      return 'The endpoint is over its rate limit (HTTP 429).';
    default:
      return `The endpoint answered HTTP ${status}, expected an MCP answer.`;
  }
}

function isTimeout(error: unknown): boolean {
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) return true;
  return ['TimeoutError', 'AbortError'].includes(field(error, 'name'));
}

/** The error and what caused it, to a depth that no honest error reaches. */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; isObject(cause) && chain.length < CAUSES_MAX; cause = cause.cause) chain.push(cause);
  return chain;
}

function field(error: unknown, name: 'name' | 'code'): string {
  return isObject(error) && typeof error[name] === 'string' ? error[name] : '';
}

/** Not `instanceof Error`: a `DOMException` is none in every realm. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
