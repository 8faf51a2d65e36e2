import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeFolder } from '../make-folder.ts';
import { STATE_FILE_BYTES_MAX } from './auth-limits.ts';

/** Windows refuses to replace a file that a virus scanner or another instance is reading just then. */
const REPLACE_TRIES_MAX = 10;
const REPLACE_PAUSE_MS = 20;

/** The JSON in a file; undefined when there is none, or none that can be used: what it held is asked for again. */
export async function readStateFile(path: string): Promise<unknown> {
  try {
    if ((await stat(path)).size > STATE_FILE_BYTES_MAX) return undefined;
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Replaces the file at once, so that no reader ever sees half of it; only its owner may read it. */
export async function writeStateFile(path: string, value: object): Promise<void> {
  makeFolder(dirname(path), { mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await replace(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function replace(draft: string, path: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rename(draft, path);
    } catch (error) {
      if (tries === REPLACE_TRIES_MAX || process.platform !== 'win32') throw error;
      await pause(REPLACE_PAUSE_MS);
    }
  }
}
