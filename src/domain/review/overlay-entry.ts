/** What stands in a folder of git: a text, or what cannot be read as one. */
export type OverlayEntry =
  | { name: string; kind: 'text'; text: string }
  | { name: string; kind: 'link' | 'submodule' | 'folder' | 'binary' | 'large' };

/** The files that can be read, by name. */
export function textsOf(entries: readonly OverlayEntry[]): Record<string, string> {
  return Object.fromEntries(entries.flatMap((entry) => (entry.kind === 'text' ? [[entry.name, entry.text]] : [])));
}

/**
 * A folder as it is once the pull request is merged: what the pull request changes, laid over what the base branch holds
 * now. A branch that is behind says nothing of what was changed meanwhile.
 *
 * @param changed names in the folder that the pull request adds, changes or removes; of a folder or a submodule in it
 *   the name alone
 */
export function mergeEntries(options: {
  base: readonly OverlayEntry[];
  head: readonly OverlayEntry[];
  changed: ReadonlySet<string>;
}): OverlayEntry[] {
  const { base, head, changed } = options;
  return [...base.filter(({ name }) => !changed.has(name)), ...head.filter(({ name }) => changed.has(name))].sort(
    (a, b) => (a.name < b.name ? -1 : 1),
  );
}
