import { fullName } from '../../domain/repository.ts';
import type { OverlayEntry } from '../../domain/review/overlay-entry.ts';
import type { FolderSides } from '../../domain/review/review-manifests.ts';
import type { ReviewSubject } from '../../ports/github.ts';
import { composeFoldersRead, composeTextsRead } from './documents/read-review.ts';
import type { BlobAnswer } from './file-text.ts';
import type { GitHubClient } from './github-client.ts';
import { REVIEWED_BYTES_MAX, REVIEWED_FILE_BYTES_MAX, REVIEWED_FOLDER_BYTES_MAX } from './github-limits.ts';
import { readWhole } from './read-whole.ts';

/** Folders of one request; both sides of each are read. */
const FOLDERS_PER_REQUEST = 50;
/** Texts of one request: 6 MB at most. */
const TEXTS_PER_REQUEST = 100;
/** Entries of one folder that are read; the check refuses a folder long before. */
const ENTRIES_MAX = 60;

const SYMLINK_MODE = 0o120000;

interface EntryAnswer {
  name: string;
  type: string;
  mode: number;
  size: number;
  oid: string;
}

export type FolderAnswer = { object: { entries?: EntryAnswer[] | null } | null } | null;
type CommitAnswer = Record<string, FolderAnswer> | null;

/** A pull request, and folders that were read together with it. */
export type ListedSubject = ReviewSubject & { listed?: ReadonlyMap<string, Sides> };

interface Sides {
  base: EntryAnswer[];
  head: EntryAnswer[];
}

export function entriesOf(folder: FolderAnswer | undefined): EntryAnswer[] {
  return (folder?.object?.entries ?? []).slice(0, ENTRIES_MAX);
}

/**
 * Both sides of folders. Sizes come first, so that nobody can make the bot read what it will not look at; a text that is
 * the same on both sides is read once.
 */
export async function readFolders(
  client: GitHubClient,
  subject: ListedSubject,
  paths: readonly string[],
): Promise<ReadonlyMap<string, FolderSides>> {
  const listed = new Map([...(subject.listed ?? [])].filter(([path]) => paths.includes(path)));
  const others = paths.filter((path) => !listed.has(path));
  for (const some of inChunks(others, FOLDERS_PER_REQUEST)) {
    for (const [path, sides] of await listFolders(client, subject, some)) listed.set(path, sides);
  }
  const oids = oidsToRead([...listed.values()].flatMap(({ base, head }) => [base, head]));
  const texts = new Map<string, BlobAnswer | null>();
  for (const some of inChunks(oids, TEXTS_PER_REQUEST)) {
    for (const [oid, blob] of await readTexts(client, subject, some)) texts.set(oid, blob);
  }
  const withTexts = (entries: readonly EntryAnswer[]) => entries.map((entry) => toEntry(entry, texts.get(entry.oid)));
  return new Map([...listed].map(([path, { base, head }]) => [path, { base: withTexts(base), head: withTexts(head) }]));
}

/** Different texts of what is worth reading: folders and pull requests beyond any real one are not read at all. */
function oidsToRead(folders: readonly (readonly EntryAnswer[])[]): string[] {
  const sizes = new Map<string, number>();
  for (const folder of folders) {
    const entries = folder.filter(isFit);
    if (bytesOf(entries) > REVIEWED_FOLDER_BYTES_MAX) continue;
    for (const { oid, size } of entries) sizes.set(oid, size);
  }
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return bytes > REVIEWED_BYTES_MAX ? [] : [...sizes.keys()];
}

function bytesOf(entries: readonly EntryAnswer[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

async function listFolders(
  client: GitHubClient,
  { installationId, repository, baseSha, headSha }: ReviewSubject,
  paths: readonly string[],
): Promise<[string, Sides][]> {
  const data = await readWhole<{ repository: { base: CommitAnswer; head: CommitAnswer } | null }>(
    client,
    installationId,
    {
      document: composeFoldersRead(paths.length),
      variables: {
        ...{ owner: repository.owner, name: repository.name, base: baseSha, head: headSha },
        ...Object.fromEntries(paths.map((path, index) => [`p${index}`, path])),
      },
      action: `read folders of "${fullName(repository)}"`,
    },
  );
  const entriesAt = (commit: CommitAnswer | undefined, index: number) => entriesOf(commit?.[`f${index}`]);
  return paths.map((path, index) => [
    path,
    { base: entriesAt(data.repository?.base, index), head: entriesAt(data.repository?.head, index) },
  ]);
}

async function readTexts(
  client: GitHubClient,
  { installationId, repository }: ReviewSubject,
  oids: readonly string[],
): Promise<[string, BlobAnswer | null][]> {
  const data = await readWhole<{ repository: Record<string, BlobAnswer | null> | null }>(client, installationId, {
    document: composeTextsRead(oids.length),
    variables: {
      ...{ owner: repository.owner, name: repository.name },
      ...Object.fromEntries(oids.map((oid, index) => [`b${index}`, oid])),
    },
    action: `read files of "${fullName(repository)}"`,
  });
  return oids.map((oid, index) => [oid, data.repository?.[`b${index}`] ?? null]);
}

function isFit({ type, mode, size }: EntryAnswer): boolean {
  return type === 'blob' && mode !== SYMLINK_MODE && size <= REVIEWED_FILE_BYTES_MAX;
}

/** @param blob undefined: it was not read */
function toEntry(entry: EntryAnswer, blob: BlobAnswer | null | undefined): OverlayEntry {
  const { name, type, mode } = entry;
  if (type === 'tree') return { name, kind: 'folder' };
  if (type === 'commit') return { name, kind: 'submodule' };
  if (mode === SYMLINK_MODE) return { name, kind: 'link' };
  if (!isFit(entry) || blob === undefined) return { name, kind: 'large' };
  return typeof blob?.text === 'string' && !blob.isBinary && !blob.isTruncated
    ? { name, kind: 'text', text: blob.text }
    : { name, kind: 'binary' };
}

function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
