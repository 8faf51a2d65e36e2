import { ERA_ANSWER_TIMEOUT_MS, ERA_PING_GRACE_MS } from '../limits.ts';
import { ChildError } from './child-requests.ts';
import { modernRequestMeta, parseDiscoverResult, type ServerIdentity } from './server-identity.ts';

/** A request to the server; rejects with `ChildError` where it answers with an error. */
export type SendRequest = (method: string, params?: object) => Promise<unknown>;

/**
 * Asks a server that has just started whether it speaks 2026-07-28. Whatever is no modern answer means legacy (2026-07-28,
 * stdio, backward compatibility). A `ping` follows: one that answers it has passed `server/discover` over.
 * One that says nothing may only be slow to start: it is taken for a legacy one and left to go on.
 * @returns what a modern server tells of itself; undefined for a legacy one, to be sent `initialize`
 * @throws Error when the server ends: some do on any request before `initialize`
 */
export async function askEra(
  request: SendRequest,
  client: Parameters<typeof modernRequestMeta>[0],
): Promise<ServerIdentity | undefined> {
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timers.push(setTimeout(resolve, ms));
    });
  const discovered = request('server/discover', { _meta: modernRequestMeta(client) }).then(
    modernOrNot,
    legacyIfRefused,
  );
  const passedOver = request('ping')
    .catch(legacyIfRefused)
    .then(() => after(ERA_PING_GRACE_MS));
  try {
    const answer = await Promise.race([discovered, passedOver, after(ERA_ANSWER_TIMEOUT_MS)]);
    return answer ?? undefined;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function modernOrNot(result: unknown): ServerIdentity | undefined {
  try {
    return parseDiscoverResult(result);
  } catch {
    return undefined;
  }
}

function legacyIfRefused(error: unknown): undefined {
  if (error instanceof ChildError) return undefined;
  throw error;
}
