import {
  chmodSync,
  closeSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from '../../config/error-code.ts';
import { fileUnwritable } from '../../file-unwritable.ts';
import { makeFolder } from '../../make-folder.ts';

/** A new file of ours or of a client may hold keys, so it is for its owner alone. */
const NEW_FILE_MODE = 0o600;

/** Times that a file is tried to be put in place; on Windows a scanner may hold it for a moment. */
const RENAMES_MAX = 5;

/**
 * Writes a file so that whoever reads it sees the old text or the new one, never a part. The mode, the owner and a
 * symbolic link at its place stay.
 * @throws SetupError file-unwritable
 */
export function replaceFile(path: string, text: string): void {
  try {
    const target = followLink(path);
    assertWritable(target);
    makeFolder(dirname(target));
    const temporary = `${target}.mcp-connect-${process.pid}.tmp`;
    try {
      writeLike(target, { temporary, text });
      moveOver(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (error) {
    throw fileUnwritable(path, error);
  }
}

/** A file that was made read-only is not to be changed, though its folder may allow to put another in its place. */
function assertWritable(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && (stat.mode & 0o200) === 0) throw Object.assign(new Error('read-only'), { code: 'it is read-only' });
}

/** Where the bytes are to go; a link may lead to a file that is not there yet. */
function followLink(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isSymbolicLink()) return path;
  return statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : resolve(dirname(path), readlinkSync(path));
}

function writeLike(target: string, { temporary, text }: { temporary: string; text: string }): void {
  const old = statSync(target, { throwIfNoEntry: false });
  const file = openSync(temporary, 'wx', NEW_FILE_MODE);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
    if (old && old.uid !== process.getuid?.()) keepOwner(file, old);
  } finally {
    closeSync(file);
  }
  if (old) chmodSync(temporary, old.mode & 0o7777);
}

function keepOwner(file: number, { uid, gid }: { uid: number; gid: number }): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // Only an administrator can give files away; for anyone else the new file is theirs, and the folder allowed it.
  }
}

function moveOver(temporary: string, target: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return renameSync(temporary, target);
    } catch (error) {
      if (!['EPERM', 'EBUSY', 'EACCES'].includes(errorCode(error)) || attempt === RENAMES_MAX) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50 * attempt);
    }
  }
}
