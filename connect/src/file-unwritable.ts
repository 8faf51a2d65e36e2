import { errorCode } from './config/error-code.ts';
import { SetupError } from './setup-error.ts';

/** What a person is told when the system refuses to write a file, or to make its folder. */
export function fileUnwritable(path: string, error: unknown): SetupError {
  return new SetupError(
    'file-unwritable',
    `Cannot write ${path}: ${errorCode(error)}`,
    'Check who owns the file and its folder, and whether the disk is full.',
  );
}
