/**
 * Which scopes to ask for (2026-07-28 authorization, Scope Selection Strategy and Step-Up Authorization Flow): those of
 * the challenge, else all that the resource publishes, together with those asked for before. `offline_access` is added
 * where the authorization server knows it, and left out where it does not.
 * @returns undefined to leave the parameter out
 */
export function chooseScope(options: {
  challenged: string | undefined;
  resourceScopes: readonly string[] | undefined;
  requestedBefore: string | undefined;
  serverScopes: readonly string[] | undefined;
}): string | undefined {
  const { challenged, resourceScopes, requestedBefore, serverScopes } = options;
  const needed = challenged === undefined ? (resourceScopes ?? []) : splitScope(challenged);
  const scopes = new Set([...splitScope(requestedBefore), ...needed]);
  if (serverScopes && !serverScopes.includes('offline_access')) scopes.delete('offline_access');
  else if (serverScopes && scopes.size > 0) scopes.add('offline_access');
  return scopes.size > 0 ? [...scopes].join(' ') : undefined;
}

/** Whether everything in `needed` was asked for. Nothing needed is always covered. */
export function coversScope(requested: string | undefined, needed: string | undefined): boolean {
  const have = new Set(splitScope(requested));
  return splitScope(needed).every((scope) => have.has(scope));
}

function splitScope(scope: string | undefined): string[] {
  return (scope ?? '').split(/\s+/).filter((token) => token !== '');
}
