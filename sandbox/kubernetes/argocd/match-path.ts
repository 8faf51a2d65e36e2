/** A path pattern of the git directory generator: `*` and `?` stay within one segment, as in Go's `path.Match`. */
export function matchesPath(pattern: string, path: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\*?]/g, (character) => {
    if (character === '*') return '[^/]*';
    return character === '?' ? '[^/]' : `\\${character}`;
  });
  return new RegExp(`^${source}$`).test(path);
}

/** A pattern of an AppProject: `*` also crosses slashes, `!` in front denies. */
export function matchesGlob(pattern: string, value: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\*?]/g, (character) => (character === '*' ? '.*' : `\\${character}`));
  return new RegExp(`^${source}$`, 's').test(value);
}

/** Allowed by one pattern at least and denied by none. */
export function isPermitted(patterns: string[], value: string): boolean {
  const denied = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const allowed = patterns.filter((pattern) => !pattern.startsWith('!'));
  return (
    allowed.some((pattern) => matchesGlob(pattern, value)) && !denied.some((pattern) => matchesGlob(pattern, value))
  );
}
