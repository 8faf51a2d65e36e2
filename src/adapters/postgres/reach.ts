import { UserError } from '../../domain/user-error.ts';
import { errorCode } from './error-code.ts';

/**
 * Work that needs a session. The error names the server, never the password.
 * @throws UserError `database-unreachable`, or what else `connect` throws
 */
export async function reach<T>(databaseUrl: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    const code = errorCode(cause) ?? '';
    // ECONNREFUSED, ENOTFOUND …; 28… is a refused login, 3D000 an absent database.
    if (!/^(?:E[A-Z]+|28...|3D000|57P03)$/.test(code)) throw cause;
    const { hostname, port, pathname } = new URL(databaseUrl);
    throw new UserError(
      'database-unreachable',
      `Cannot connect to PostgreSQL at ${hostname}:${port || '5432'}${pathname}: ${code}, expected a session`,
      'Check DATABASE_URL, and that the server runs and knows the user.',
      { cause },
    );
  }
}
