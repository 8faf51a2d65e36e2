/** Where the policy stands. */
export const POLICY_FILE = 'mcp-hosting.yml';

/** Paths of a pull request; of a renamed file both. */
export interface ChangedPaths {
  all: readonly string[];
  /** Those of them that its head no longer has. */
  removed: readonly string[];
}

/** The part of a pull request that is checked, by its changed paths. */
export interface TouchedPaths {
  /** Names in `servers/<directory>/` that change, by directory; those of deeper files are their first folder's. */
  servers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names in `base/` that change. */
  base: ReadonlySet<string>;
  policy: boolean;
  /** What is there in the place of a directory: `servers` and `base` themselves, and what lies in `servers/` itself. */
  strays: readonly string[];
}

/** A stray that goes is none: nobody is kept from taking it away. */
export function touchedPaths({ all: paths, removed }: ChangedPaths): TouchedPaths {
  const servers = new Map<string, Set<string>>();
  const base = new Set<string>();
  const strays: string[] = [];
  for (const path of paths) {
    const [root, first, second] = path.split('/');
    if (root !== 'servers' && root !== 'base') continue;
    if (first === undefined) strays.push(path);
    else if (root === 'base') base.add(first);
    else if (second === undefined) strays.push(path);
    else servers.set(first, (servers.get(first) ?? new Set()).add(second));
  }
  return {
    servers,
    base,
    policy: paths.includes(POLICY_FILE),
    strays: strays.filter((path) => path !== 'servers/.gitkeep' && !removed.includes(path)),
  };
}

/** Whether there is nothing to check. */
export function touchesNothing({ servers, base, policy, strays }: TouchedPaths): boolean {
  return servers.size === 0 && base.size === 0 && !policy && strays.length === 0;
}
