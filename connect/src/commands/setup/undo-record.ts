import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { applicationFolder, type Place } from '../../config/config-path.ts';
import { SetupError } from '../../setup-error.ts';
import { CLIENTS, type ClientId } from './clients.ts';
import { isRecord } from './edit-outcome.ts';
import { type FileChange, planClientUndo } from './plan-client.ts';
import { readTextFile } from './read-text-file.ts';
import { replaceFile } from './replace-file.ts';

/** One file that the last setup wrote. */
export interface WrittenFile {
  path: string;
  /** The file as it was, beside it; null where there was none. */
  backup: string | null;
  /** Of what was written: a file that is still so can be put back byte by byte. */
  sha256: string;
  /** Which entry was written, undefined for the config file. */
  entry?: { client: ClientId; name: string };
}

/** Writes a file with a backup beside it. @throws SetupError file-changed, file-unwritable */
export function writeWithBackup(change: FileChange, entry?: WrittenFile['entry']): WrittenFile {
  const { path, before, after } = change;
  if (readTextFile(path) !== before) {
    throw new SetupError('file-changed', `Cannot write ${path}: something else is writing it too`, 'Run this again.');
  }
  const backup = before === undefined ? null : `${path}.mcp-connect-backup`;
  if (backup !== null && before !== undefined) replaceFile(backup, before);
  replaceFile(path, after);
  return { path, backup, sha256: hash(after), ...(entry && { entry }) };
}

export function saveUndoRecord(files: readonly WrittenFile[], place: Place): void {
  replaceFile(recordPath(place), `${JSON.stringify({ files }, undefined, 2)}\n`);
}

/**
 * Puts back what the last setup changed. A file that was changed since keeps those changes: only the entry goes.
 * @returns what was done, a line for each file
 * @throws SetupError undo-missing, client-file-broken, file-unwritable
 */
export function undoSetup(place: Place): string[] {
  const files = readUndoRecord(place);
  const done = files.map(undoFile);
  rmSync(recordPath(place), { force: true });
  return done;
}

function undoFile(file: WrittenFile): string {
  const { path, backup, sha256, entry } = file;
  const text = readTextFile(path);
  const original = backup === null ? undefined : readTextFile(backup);
  if (text === undefined) return `${path}: is gone, nothing to put back`;
  if (hash(text) === sha256) {
    if (original === undefined) rmSync(path);
    else replaceFile(path, original);
    if (backup !== null) rmSync(backup, { force: true });
    return original === undefined ? `${path}: removed, as there was none before` : `${path}: as it was before`;
  }
  if (!entry) return `${path}: was changed since, so it stays as it is`;
  const { client, name } = entry;
  replaceFile(path, planClientUndo({ client: CLIENTS[client], path, name, text, original }));
  if (backup !== null) rmSync(backup, { force: true });
  return `${path}: "${name}" is as before; later changes stay`;
}

function readUndoRecord(place: Place): WrittenFile[] {
  const text = readTextFile(recordPath(place));
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isRecord(value) && Array.isArray(value.files)) return value.files as WrittenFile[];
  throw new SetupError(
    'undo-missing',
    'Cannot undo: no setup of this person was recorded, or it was undone already',
    'Remove the entry in the client by hand.',
  );
}

function recordPath(place: Place): string {
  return join(applicationFolder(place), 'mcp-connect', 'undo.json');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
