import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

export type YamlPath = readonly (string | number)[];

/** 1-based. */
export interface Lines {
  line: number;
  endLine: number;
}

/**
 * Lines of the value at a path of a text's n-th document that is not empty, or of its key; of the nearest node that
 * holds it where there is none.
 */
export function locateInYaml(
  text: string,
  options: { document: number; path: YamlPath; part?: 'key' | 'value' },
): Lines {
  const counter = new LineCounter();
  const documents = [
    ...parseAllDocuments(text, {
      lineCounter: counter,
      prettyErrors: false,
      uniqueKeys: false,
      stringKeys: true,
      logLevel: 'silent',
    }),
  ].filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null));
  const root = documents[options.document]?.contents ?? null;
  const [start, end] = rangeAt(root, options.path, options.part ?? 'value');
  return linesBetween(counter, text, start, end);
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
