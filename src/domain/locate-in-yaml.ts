import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

export type YamlPath = readonly (string | number)[];

/** 1-based. */
export interface Lines {
  line: number;
  endLine: number;
}

/** Where something is in a text of YAML documents. */
export interface YamlPlace {
  /** Among the documents that are not empty. */
  document: number;
  path: YamlPath;
  part?: 'key' | 'value';
}

/**
 * Finds the lines of the value at a path, or of its key; of the nearest node that holds it where there is none. The text
 * is parsed once, at the first question: a hostile one gives rise to thousands.
 */
export function createYamlLocator(text: string): (place: YamlPlace) => Lines {
  const counter = new LineCounter();
  let roots: (Node | null)[] | undefined;
  return ({ document, path, part = 'value' }) => {
    roots ??= readRoots(text, counter);
    const [start, end] = rangeAt(roots[document] ?? null, path, part);
    return linesBetween(counter, text, start, end);
  };
}

function readRoots(text: string, lineCounter: LineCounter): (Node | null)[] {
  const documents = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    logLevel: 'silent',
  });
  return [...documents]
    .map(({ contents }) => contents)
    .filter((contents) => contents !== null && !(isScalar(contents) && contents.value === null));
}

/** Offsets of the value at the path, or of its key. */
export function rangeAt(root: Node | null, path: YamlPath, part: 'key' | 'value'): [number, number] {
  let found: [number, number] = [root?.range?.[0] ?? 0, root?.range?.[0] ?? 0];
  let node: unknown = root;
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair || !isPair(pair) || !isScalar(pair.key)) return found;
      found = spanOf(pair.key) ?? found;
      node = pair.value;
      if (last && part === 'key') return found;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
    } else {
      return found;
    }
    // An empty value has no place of its own: its key stands for it.
    if (!(isScalar(node) && node.source === '')) found = spanOf(node) ?? found;
  }
  return found;
}

function spanOf(node: unknown): [number, number] | undefined {
  const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
  return range ? [range[0], range[1]] : undefined;
}

/** Line ends and blanks after a block's last text do not count as its lines. */
export function linesBetween(counter: LineCounter, text: string, start: number, end: number): Lines {
  const last = start + text.slice(start, end).trimEnd().length;
  const line = Math.max(counter.linePos(start).line, 1);
  return { line, endLine: Math.max(counter.linePos(Math.max(last - 1, start)).line, line) };
}
