import { readFileSync } from 'node:fs';
import { errorCode } from '../../config/error-code.ts';
import { SetupError } from '../../setup-error.ts';

/**
 * Undefined where there is no file.
 * @throws SetupError file-unreadable-here
 */
export function readTextFile(path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    const state = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : code;
    throw new SetupError('file-unreadable-here', `Cannot read ${path}: ${state}`, 'Check the file and who owns it.');
  }
}
