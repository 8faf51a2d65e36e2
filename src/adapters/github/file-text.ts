import { UserError } from '../../domain/user-error.ts';
import { FILE_BYTES_MAX } from './github-limits.ts';

/** The fields of `documents/file-text.ts`, as GitHub answers them; an object that is no blob has none. */
export interface BlobAnswer {
  byteSize?: number;
  isBinary?: boolean | null;
  isTruncated?: boolean;
  text?: string | null;
}

export interface FileAnswer {
  mode: number;
  object: BlobAnswer | null;
}

/** Git's mode of a symbolic link: its blob holds the target's path, not the file. */
const SYMLINK_MODE = 0o120000;

/**
 * @param where for people, as in `"package.json" of "acme/hello"`
 * @returns null for a file that is absent or is a directory
 * @throws UserError `file-unreadable` for one that is a link, binary, or larger than 256 KiB
 */
export function readFileText(file: FileAnswer | null | undefined, where: string): string | null {
  if (!file) return null;
  if (file.mode === SYMLINK_MODE) throw unreadable(where, 'a symbolic link');
  return readBlobText(file.object, where);
}

/** As `readFileText`, for an entry of a tree. */
export function readBlobText(blob: BlobAnswer | null | undefined, where: string): string | null {
  if (!blob || blob.byteSize === undefined) return null;
  if (blob.byteSize > FILE_BYTES_MAX || blob.isTruncated) throw unreadable(where, `${blob.byteSize} bytes long`);
  if (blob.isBinary || blob.text === null || blob.text === undefined) throw unreadable(where, 'binary');
  return blob.text;
}

function unreadable(where: string, found: string): UserError {
  return new UserError(
    'file-unreadable',
    `Cannot read ${where}: it is ${found}, expected a text file of at most ${FILE_BYTES_MAX} bytes`,
    'Commit it as a plain UTF-8 text file and try again.',
  );
}
