import { ApiException } from '@kubernetes/client-node';
import { UserError } from '../../domain/user-error.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { boundedMessage } from './bounded-message.ts';
import { OUTAGE_WAIT_MS } from './cluster-limits.ts';

/** Status code of the API server's answer; undefined for what is no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

/**
 * What a failed call of the API server means.
 * @param action completes the sentence `Cannot …`
 * @param sealed the call carried values of Secrets, which the answer may repeat: nothing of it is kept, in no words and
 * in no cause
 * @returns RetryLaterError when it does not answer or is overloaded; UserError where rights or objects are
 * missing; else a plain error
 */
export function mapClusterError(error: unknown, action: string, { sealed = false } = {}): Error {
  if (error instanceof UserError || error instanceof RetryLaterError) return error;
  const status = statusOf(error);
  const cause = sealed ? {} : { cause: error };
  if (status === undefined) {
    if (!isOutage(error)) return new Error(`Cannot ${action}: the client failed`, cause);
    return new RetryLaterError(`Cannot ${action}: no answer from the API server`, OUTAGE_WAIT_MS, cause);
  }
  if (status >= 500 || status === 429) {
    return new RetryLaterError(`Cannot ${action}: the API server answered ${status}`, OUTAGE_WAIT_MS, cause);
  }
  const said = sealed ? 'what it said is not kept' : boundedMessage(messageOf(error));
  if (status === 401 || status === 403) {
    return new UserError(
      'cluster-forbidden',
      `Cannot ${action}: the API server refuses it (${said}), expected the bot's service account to have the right`,
      "Give the bot's service account the rights in docs/configuration.md, and check KUBECONFIG and the namespaces.",
    );
  }
  if (status === 404) {
    return new UserError(
      'cluster-object-missing',
      `Cannot ${action}: the API server does not know it (${said}), expected the namespace and Argo CD to be there`,
      'Apply the scaffold (base/ and argocd/ of the deployments repository) to the cluster.',
    );
  }
  return new Error(`Cannot ${action}: the API server answered ${status} (${said})`);
}

/** What `fetch` throws without an answer; anything else is a client that is set up wrongly. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ['AbortError', 'TimeoutError'].includes(error.name) || (error.name === 'TypeError' && error.cause !== undefined)
  );
}

/** The `message` of the API server's `Status` object. */
function messageOf(error: unknown): string {
  if (!(error instanceof ApiException)) return '';
  const body: unknown = typeof error.body === 'string' ? parseJson(error.body) : error.body;
  return typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page instead of a Status: nothing in it is for people.
    return undefined;
  }
}
