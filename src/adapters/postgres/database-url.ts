/** The session's time zone is UTC: the seed's columns are TIMESTAMP without zone and default to NOW(). */
const SESSION_OPTIONS = '-c TimeZone=UTC';

/** libpq's words for "encrypted and checked", which slonik calls `require`. */
const CHECKED_SSL_MODES = ['verify-ca', 'verify-full'];

/** The connection URL for pg, with our session options and name. */
export function sessionUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const own = url.searchParams.get('options');
  url.searchParams.set('options', own ? `${own} ${SESSION_OPTIONS}` : SESSION_OPTIONS);
  if (!url.searchParams.has('application_name')) url.searchParams.set('application_name', 'mcp-hosting');
  // pg reads `+` literally where URLSearchParams writes it for a space.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

/** The same for slonik, which refuses parameters and SSL modes that it does not know. */
export function slonikUrl(databaseUrl: string): string {
  const url = new URL(sessionUrl(databaseUrl));
  const known = ['application_name', 'options', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert'];
  for (const name of [...url.searchParams.keys()]) {
    if (!known.includes(name)) url.searchParams.delete(name);
  }
  const sslMode = url.searchParams.get('sslmode');
  if (sslMode === 'prefer' || sslMode === 'allow') url.searchParams.delete('sslmode');
  if (sslMode && CHECKED_SSL_MODES.includes(sslMode)) url.searchParams.set('sslmode', 'require');
  return url.href;
}
