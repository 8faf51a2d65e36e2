import { git, runGit } from './run-git.ts';

export const ZERO_SHA = '0'.repeat(40);

export const SHA = /^[0-9a-f]{40}$/;

export interface RefChange {
  ref: string;
  /** null: it did not exist. */
  before: string | null;
  /** null: it was deleted. */
  after: string | null;
}

/** @returns full ref name → object id, for the refs under the given prefixes. */
export async function listRefs(dir: string, ...prefixes: string[]): Promise<Map<string, string>> {
  const text = await git(dir, ['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes]);
  return new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(41), line.slice(0, 40)]),
  );
}

export async function readRef(dir: string, ref: string): Promise<string | null> {
  if (!isRefName(ref)) return null;
  const result = await runGit(dir, ['show-ref', '--verify', '--hash', '--', ref]);
  return result.code === 0 ? result.stdout.toString().trim() : null;
}

/**
 * Compare-and-set of a ref.
 * @param expected the object it must point to now; null: it must not exist
 * @param next null deletes it
 * @returns false where it points elsewhere by now
 */
export async function updateRef(
  dir: string,
  change: { ref: string; expected: string | null; next: string | null },
): Promise<boolean> {
  const expected = change.expected ?? ZERO_SHA;
  const args =
    change.next === null
      ? ['update-ref', '-d', change.ref, expected]
      : ['update-ref', change.ref, change.next, expected];
  return (await runGit(dir, args)).code === 0;
}

export function changesBetween(before: Map<string, string>, after: Map<string, string>): RefChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((ref) => ({ ref, before: before.get(ref) ?? null, after: after.get(ref) ?? null }))
    .filter((change) => change.before !== change.after);
}

/** The rules of git-check-ref-format(1), for a name that begins with `refs/`. */
export function isRefName(ref: string): boolean {
  return (
    ref.length <= 255 &&
    /^refs\/[^/]+\/./.test(ref) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what git forbids.
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)|[/.]$/.test(ref)
  );
}
