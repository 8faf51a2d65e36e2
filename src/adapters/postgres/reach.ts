import { UserError } from '../../domain/user-error.ts';
import { sessionRefusal } from './session-refusal.ts';

/**
 * Work that needs a session. The error names the server, never the password.
 * @throws UserError `database-unreachable`, or what else `connect` throws
 */
export async function reach<T>(databaseUrl: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    const refusal = sessionRefusal(cause, databaseUrl);
    if (!refusal) throw cause;
    const { hostname, port, pathname } = new URL(databaseUrl);
    const { state, code, hint } = refusal;
    throw new UserError(
      'database-unreachable',
      `Cannot connect to PostgreSQL at ${hostname}:${port || '5432'}${pathname}: ${state} (${code}), expected a session`,
      hint,
      { cause },
    );
  }
}
