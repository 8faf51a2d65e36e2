/** HTTP status of a `UserError` by its code. */
const STATUSES: Readonly<Record<string, number>> = {
  'access-key-invalid': 422,
  'access-key-not-found': 404,
  'app-not-installed': 422,
  'deployments-repository': 422,
  'github-forbidden': 422,
  'github-not-found': 422,
  'repository-empty': 422,
  'repository-name-invalid': 422,
  'secret-name-invalid': 422,
  'secret-name-reserved': 422,
  'secret-value-invalid': 422,
  'secrets-too-large': 422,
  'server-not-found': 404,
  'text-too-long': 422,
};

/** The others say that the present state of a server stands in the way, and how to change it. */
const STATE_CONFLICT = 409;

export function problemStatus(code: string): number {
  return STATUSES[code] ?? STATE_CONFLICT;
}
