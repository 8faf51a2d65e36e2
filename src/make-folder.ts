import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Not by `mkdir` with `recursive`: where the system says of a folder
 * whose parent is there that it is not, as Linux does below /proc, that one tries for ever and takes the thread with it.
 *
 * @throws the system's error, with its code, of the folder that could not be made
 */
export async function makeFolder(path: string, options: { mode?: number } = {}): Promise<void> {
  if (await made(path, options)) return;
  await makeFolder(dirname(path), options);
  await mkdir(path, options).catch(unlessThere);
}

/** @returns whether the folder is there now; false where the one above it is missing */
async function made(path: string, options: { mode?: number }): Promise<boolean> {
  try {
    await mkdir(path, options);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false;
    unlessThere(error as NodeJS.ErrnoException);
    return true;
  }
}

/** Whatever is there, a file perhaps, tells for itself what it cannot be used for. */
function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
