/** What the wrapper is told of a key: a line of the file that it mounts (docs/wrapper.md, "Keys"). */
export interface AccessKeyLine {
  /** SHA-256 of the key in hex. */
  sha256: string;
  /** Letters and digits. */
  id: string;
  /** null: never. */
  expiresAt: Date | null;
  /** One line. */
  name: string;
}

/** Ids of the keys in the file, in its order. */
export function accessKeyIds(text: string): string[] {
  return linesOf(text).flatMap((line) => idOf(line) ?? []);
}

/** The file with the key in the place of one with the same id, or else at its end, without keys that have expired. */
export function withAccessKey(text: string, key: AccessKeyLine, now: Date): string {
  const line = renderLine(key);
  const kept = linesOf(text).filter((each) => !hasExpired(each, now));
  const index = kept.findIndex((each) => idOf(each) === key.id);
  return fileOf(index === -1 ? [...kept, line] : kept.with(index, line));
}

/** @returns undefined where the file has no such key */
export function withoutAccessKey(text: string, id: string): string | undefined {
  const lines = linesOf(text);
  const kept = lines.filter((line) => idOf(line) !== id);
  return kept.length === lines.length ? undefined : fileOf(kept);
}

/** Id and expiry are always written, so that a name cannot be taken for one of them. */
function renderLine({ sha256, id, expiresAt, name }: AccessKeyLine): string {
  return `${sha256} id=${id} expires=${expiresAt?.toISOString() ?? 'never'} ${name}`;
}

function idOf(line: string): string | undefined {
  return /^[0-9a-f]{64} id=(\S+)/i.exec(line)?.[1];
}

function hasExpired(line: string, now: Date): boolean {
  const [, expires = ''] = /^[0-9a-f]{64} id=\S+ expires=(\S+)/i.exec(line) ?? [];
  return Date.parse(expires) <= now.getTime();
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function fileOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
