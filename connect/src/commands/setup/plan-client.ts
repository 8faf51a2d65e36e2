import { isDeepStrictEqual } from 'node:util';
import type { Place } from '../../config/config-path.ts';
import { findJsonProblem } from '../../config/find-json-problem.ts';
import { SetupError } from '../../setup-error.ts';
import type { Client } from './clients.ts';
import { editJson, readJsonEntries } from './edit-json.ts';
import type { EditOutcome } from './edit-outcome.ts';
import { editToml, findTomlProblem, readTomlEntries } from './edit-toml.ts';
import { type Entry, entryOf, isOwnEntry } from './entry.ts';
import { readTextFile } from './read-text-file.ts';

/** What a file says and shall say; equal texts mean that there is nothing to do. */
export interface FileChange {
  path: string;
  /** Undefined where there is no file yet. */
  before: string | undefined;
  after: string;
}

/**
 * @param options.force an entry of this name that starts something else is replaced
 * @throws SetupError client-file-broken, client-entry-taken, file-unreadable-here
 */
export function planClient(options: {
  client: Client;
  place: Place;
  name: string;
  entry: Entry;
  force: boolean;
}): FileChange {
  const { client, place, name, entry, force } = options;
  const path = client.file(place);
  const before = readTextFile(path);
  const existing = readEntries(client, path, before ?? '')[name];
  if (existing !== undefined && !force && !isOwnEntry(existing)) {
    throw new SetupError(
      'client-entry-taken',
      `Cannot add "${name}" to ${client.title}: ${path} has another server of this name`,
      'Choose another with --name, or replace it with --force.',
    );
  }
  const value = entryOf(client, entry, existing);
  if (isDeepStrictEqual(existing, value)) return { path, before, after: before ?? '' };
  return { path, before, after: textOf(setEntry({ client, text: before ?? '', name, value }), { client, path }) };
}

/** The file with an entry as it was before, or without it. @throws SetupError client-file-broken */
export function planClientUndo(options: {
  client: Client;
  path: string;
  name: string;
  text: string;
  /** The file before setup, undefined where there was none. */
  original: string | undefined;
}): string {
  const { client, path, name, text, original } = options;
  const value = original === undefined ? undefined : readEntries(client, path, original)[name];
  return textOf(setEntry({ client, text, name, value }), { client, path });
}

/** The servers a client knows by name. @throws SetupError client-file-broken */
export function readEntries(client: Client, path: string, text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  const problem =
    client.format === 'toml' ? findTomlProblem(text) : findJsonProblem(text.replace(/^\uFEFF/, ''), allowed(client));
  if (problem !== undefined) throw broken({ client, path, problem });
  return client.format === 'toml' ? readTomlEntries(text, client.section) : readJsonEntries(text, client.section);
}

function setEntry(options: { client: Client; text: string; name: string; value: unknown }): EditOutcome {
  const { client, text, name, value } = options;
  const edit = { text, section: client.section, name, value };
  return client.format === 'toml' ? editToml(edit) : editJson({ ...edit, ...allowed(client) });
}

function textOf(outcome: EditOutcome, { client, path }: { client: Client; path: string }): string {
  if (outcome.ok) return outcome.text;
  throw broken({ client, path, problem: outcome.problem });
}

function allowed({ format }: Client): { allowComments: boolean } {
  return { allowComments: format === 'jsonc' };
}

function broken({ client, path, problem }: { client: Client; path: string; problem: string }): SetupError {
  return new SetupError(
    'client-file-broken',
    `Cannot use the configuration of ${client.title}: ${path}, ${problem}`,
    'Mend the file, which was left as it is, and run this again.',
  );
}
