/**
 * Requests that only read or set the same thing again. A tool may do something, and so may what we do not know, so those
 * are never sent twice once the server may have them.
 */
export function isRepeatable(method: string): boolean {
  return REPEATABLE.has(method);
}

/** Requests that no server needs long for. */
export function isQuick(method: string): boolean {
  return QUICK.has(method);
}

const QUICK: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

const REPEATABLE: ReadonlySet<string> = new Set([
  ...QUICK,
  'prompts/get',
  'resources/read',
  'completion/complete',
  'subscriptions/listen',
  'tasks/get',
  'tasks/list',
  'tasks/result',
]);
