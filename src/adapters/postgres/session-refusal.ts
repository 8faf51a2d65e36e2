import { errorCode } from './error-code.ts';

/** Why PostgreSQL gives no session, and what to do. */
export interface SessionRefusal {
  state: string;
  hint: string;
}

const START = 'Start PostgreSQL there, or correct the host and port in DATABASE_URL.';
const ROAD =
  'Check the host and port in DATABASE_URL, and what lies between here and there: network policies, firewalls.';
const TRUST = 'Name the CA in DATABASE_URL (sslrootcert=FILE), or give the server a certificate for its host.';

/**
 * By code: what Node gives a connection that fails (`ECONNREFUSED`), and PostgreSQL a session that it refuses
 * (postgresql.org/docs, appendix "Error Codes").
 */
const REFUSALS: Readonly<Record<string, (who: { user: string; database: string }) => SessionRefusal>> = {
  ECONNREFUSED: () => ({ state: 'nothing listens there', hint: START }),
  ENOENT: () => ({ state: 'nothing listens there', hint: START }),
  ENOTFOUND: () => ({ state: 'the host name is not known', hint: 'Correct the host in DATABASE_URL.' }),
  EAI_AGAIN: () => ({ state: 'the host name cannot be looked up', hint: 'Correct the host, or mend the DNS here.' }),
  ETIMEDOUT: () => ({ state: 'there is no answer', hint: ROAD }),
  EHOSTUNREACH: () => ({ state: 'no way leads there', hint: ROAD }),
  ENETUNREACH: () => ({ state: 'no way leads there', hint: ROAD }),
  ECONNRESET: () => ({ state: 'the connection was cut', hint: ROAD }),
  EPIPE: () => ({ state: 'the connection was cut', hint: ROAD }),
  DEPTH_ZERO_SELF_SIGNED_CERT: () => ({ state: 'its certificate is not trusted', hint: TRUST }),
  SELF_SIGNED_CERT_IN_CHAIN: () => ({ state: 'its certificate is not trusted', hint: TRUST }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => ({ state: 'its certificate is not trusted', hint: TRUST }),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => ({ state: 'its certificate is not trusted', hint: TRUST }),
  CERT_HAS_EXPIRED: () => ({ state: 'its certificate has ended', hint: "Renew the server's certificate." }),
  ERR_TLS_CERT_ALTNAME_INVALID: () => ({ state: 'its certificate is for another host', hint: TRUST }),
  '28P01': ({ user }) => ({
    state: `the password of user "${user}" is wrong, or there is no such user`,
    hint: `Correct DATABASE_URL, or set the password: ALTER ROLE "${user}" PASSWORD '…';`,
  }),
  '28000': ({ user }) => ({
    state: `user "${user}" may not log in from here`,
    hint: 'Make the user (CREATE ROLE … LOGIN), and let it in by pg_hba.conf; where that asks for TLS, add sslmode=require to DATABASE_URL.',
  }),
  '3D000': ({ database }) => ({
    state: `there is no database "${database}"`,
    hint: `Make it, or correct DATABASE_URL: CREATE DATABASE "${database}";`,
  }),
  '42501': ({ user, database }) => ({
    state: `user "${user}" lacks a right there`,
    hint: `Make it the owner: ALTER DATABASE "${database}" OWNER TO "${user}";`,
  }),
  '53300': () => ({
    state: 'all its connections are in use',
    hint: 'Raise max_connections of the server, or lower DATABASE_CONNECTIONS_MAX of the bot.',
  }),
  '57P03': () => ({ state: 'it is starting or stopping', hint: 'Wait until it is up, then try again.' }),
};

/** @returns undefined where the error is none of those, and a bug perhaps */
export function sessionRefusal(error: unknown, databaseUrl: string): (SessionRefusal & { code: string }) | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const { username, pathname } = new URL(databaseUrl);
  const who = { user: decodeURIComponent(username), database: decodeURIComponent(pathname.slice(1)) };
  const known = Object.hasOwn(REFUSALS, code) ? REFUSALS[code]?.(who) : undefined;
  if (known) return { ...known, code };
  // E…: the connection failed. 28…: the login was refused.
  if (!/^(?:E[A-Z]+|28...)$/.test(code)) return undefined;
  return { state: 'no session could be had', hint: 'Check DATABASE_URL, and that the server runs.', code };
}

/** Node tries every address of a name, and gives the errors of all as one without a code of its own. */
function codeOf(error: unknown): string | undefined {
  return errorCode(error) ?? (error instanceof Error && error.cause !== undefined ? errorCode(error.cause) : undefined);
}
