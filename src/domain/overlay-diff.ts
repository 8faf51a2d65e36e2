import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { manifestYaml, renderKustomization } from './kustomize-render.ts';
import type { Manifest } from './read-manifests.ts';
import { UserError } from './user-error.ts';

export interface OverlayChange {
  path: string;
  kind: 'added' | 'changed' | 'removed';
}

type Files = Readonly<Record<string, string>>;

/** What must change so that the files there become the files wanted, by path; empty when they are equal. */
export function diffOverlay(before: Files, after: Files): OverlayChange[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return paths.flatMap((path): OverlayChange[] => {
    const was = Object.hasOwn(before, path);
    const is = Object.hasOwn(after, path);
    if (was && is) return before[path] === after[path] ? [] : [{ path, kind: 'changed' }];
    return [{ path, kind: was ? 'removed' : 'added' }];
  });
}

/** Leaves room for the rest of a pull request's body, which GitHub limits to 65,536 characters. */
export const DIFF_CHARS_MAX = 40_000;

/**
 * A unified diff of what the cluster will get, manifest by manifest; of the files where one side cannot be rendered
 * because people went beyond what mcp-hosting writes. Empty when nothing changes. Text from strangers: fence it.
 */
export function unifiedDiff(options: { before: Files; after: Files; charsMax?: number }): string {
  const before = rendered(options.before);
  const after = rendered(options.after);
  const [from, to] = before && after ? [before, after] : [options.before, options.after];
  return diffTexts(from, to, options.charsMax ?? DIFF_CHARS_MAX);
}

/** A unified diff of rendered manifests. Text from strangers: fence it. */
export function manifestsDiff(options: {
  before: readonly Manifest[];
  after: readonly Manifest[];
  charsMax: number;
}): string {
  return diffTexts(byName(options.before), byName(options.after), options.charsMax);
}

function diffTexts(from: Files, to: Files, charsMax: number): string {
  const text = diffOverlay(from, to)
    .map(({ path, kind }) => patchOf(path, kind, from[path] ?? '', to[path] ?? ''))
    .join('');
  return bounded(text, charsMax);
}

/** Rendered manifests by `Kind name`; undefined where they cannot be told. */
function rendered(files: Files): Record<string, string> | undefined {
  if (Object.keys(files).length === 0) return {};
  try {
    return byName(renderKustomization(files));
  } catch (error) {
    // Safe: the caller then shows the files themselves.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function byName(manifests: readonly Manifest[]): Record<string, string> {
  return Object.fromEntries(
    manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifestYaml(manifest)]),
  );
}

/** Changed lines beyond which a manifest's diff says nothing that a reader could follow. */
const CHANGED_LINES_MAX = 2_000;

function patchOf(path: string, kind: OverlayChange['kind'], before: string, after: string): string {
  const from = kind === 'added' ? '/dev/null' : path;
  const to = kind === 'removed' ? '/dev/null' : path;
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
    maxEditLength: CHANGED_LINES_MAX,
  });
  return patch ?? `--- ${from}\n+++ ${to}\n(too many changes to show)\n`;
}

function bounded(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const cut = text.slice(0, charsMax);
  return `${cut.slice(0, cut.lastIndexOf('\n') + 1)}(the rest is left out: the diff has ${text.length} characters)\n`;
}
