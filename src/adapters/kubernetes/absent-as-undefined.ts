import { UserError } from '../../domain/user-error.ts';

/** The result of a call, or undefined where the API server answered 404. */
export async function absentAsUndefined<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof UserError && error.code === 'cluster-object-missing') return undefined;
    throw error;
  }
}
