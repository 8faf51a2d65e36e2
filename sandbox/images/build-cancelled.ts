import { UserError } from '../../src/domain/user-error.ts';

export function buildCancelled(): UserError {
  return new UserError(
    'build-cancelled',
    'Cannot finish the build: it was cancelled, expected to run to its end',
    'Start it again if it is still wanted.',
  );
}
