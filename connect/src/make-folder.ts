import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Not by `mkdir` with `recursive`: where the system says of a folder
 * whose parent is there that it is not, as Linux does below /proc, that one tries for ever and takes the thread with it.
 * @throws the system's error, with its code, of the folder that could not be made
 */
export function makeFolder(path: string, options: { mode?: number } = {}): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above, options);
  try {
    mkdirSync(path, options);
  } catch (error) {
    // Another instance may have been faster.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
