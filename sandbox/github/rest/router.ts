import type { Route, Routes } from './route.ts';

export interface MatchedRoute {
  /** As in GitHub's description, e.g. `GET /repos/{owner}/{repo}`. */
  operation: string;
  params: Record<string, string>;
  route: Route;
}

/** Parameters whose values hold slashes: file paths, branch names, and pairs of them. */
const SPANNING = new Set(['path', 'ref', 'branch', 'basehead', 'tree_sha']);

interface Pattern {
  operation: string;
  method: string;
  regex: RegExp;
  names: string[];
  literals: number;
  route: Route;
}

/** Finds the operation of a request; where several fit, the one with the most literal segments. */
export class Router {
  private readonly patterns: Pattern[];

  constructor(routes: Routes) {
    this.patterns = Object.entries(routes)
      .map(([operation, route]) => toPattern(operation, route))
      .sort((one, other) => other.literals - one.literals);
  }

  match(method: string, path: string): MatchedRoute | undefined {
    for (const { operation, regex, names, route, method: wanted } of this.patterns) {
      const match = wanted === method ? regex.exec(path) : null;
      const values = match && decodeAll(match.slice(1));
      if (!values) continue;
      return { operation, route, params: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])) };
    }
    return undefined;
  }
}

function toPattern(operation: string, route: Route): Pattern {
  const [method = '', path = ''] = operation.split(' ');
  const names: string[] = [];
  const segments = path.split('/').map((segment) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) return segment.replaceAll('.', '\\.');
    names.push(name);
    return SPANNING.has(name) ? '(.+)' : '([^/]+)';
  });
  const literals = path.split('/').length - names.length;
  return { operation, method, regex: new RegExp(`^${segments.join('/')}$`), names, literals, route };
}

function decodeAll(values: string[]): string[] | undefined {
  try {
    return values.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
