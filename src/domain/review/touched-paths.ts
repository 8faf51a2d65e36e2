/** Where the policy stands. */
export const POLICY_FILE = 'mcp-hosting.yml';

/** The part of a pull request that is checked, by its changed paths. */
export interface TouchedPaths {
  /** Names in `servers/<directory>/` that change, by directory; those of deeper files are their first folder's. */
  servers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names in `base/` that change. */
  base: ReadonlySet<string>;
  policy: boolean;
  /** Files that lie in `servers/` itself. */
  strays: readonly string[];
}

/** @param paths every changed path, of a renamed file the old one and the new one */
export function touchedPaths(paths: readonly string[]): TouchedPaths {
  const servers = new Map<string, Set<string>>();
  const base = new Set<string>();
  const strays: string[] = [];
  for (const path of paths) {
    const [root, first, second] = path.split('/');
    if (root === 'base' && first !== undefined) base.add(first);
    if (root !== 'servers' || first === undefined) continue;
    if (second === undefined) strays.push(path);
    else servers.set(first, (servers.get(first) ?? new Set()).add(second));
  }
  return {
    servers,
    base,
    policy: paths.includes(POLICY_FILE),
    strays: strays.filter((path) => path !== 'servers/.gitkeep'),
  };
}

/** Whether there is nothing to check. */
export function touchesNothing({ servers, base, policy, strays }: TouchedPaths): boolean {
  return servers.size === 0 && base.size === 0 && !policy && strays.length === 0;
}
