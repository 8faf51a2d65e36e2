import { type RenderedManifest, renderWithOrigins } from '../kustomize-render.ts';
import { createYamlLocator } from '../locate-in-yaml.ts';
import { NotRenderableError } from '../not-renderable.ts';
import { type Manifest, readManifests } from '../read-manifests.ts';
import { isServerId } from '../server-id.ts';
import { checkFolder, isOversized } from './check-folder.ts';
import { checkManifest } from './check-manifest.ts';
import { checkRoom } from './check-room.ts';
import type { Finding } from './finding.ts';
import { type OverlayEntry, textsOf } from './overlay-entry.ts';
import type { OverlayRules } from './overlay-rules.ts';
import type { ReviewProblem } from './review-problem.ts';

const KUSTOMIZATION = 'kustomization.yaml';

/** Of one server; the bot writes ten at most. */
const MANIFESTS_MAX = 50;

export interface CheckedOverlay {
  problems: ReviewProblem[];
  /** What the cluster would get; absent where it cannot be told. */
  manifests?: Manifest[];
}

/** Everything in `servers/<server-id>/` that may not be deployed. An empty folder is one that goes. */
export function checkOverlay(entries: readonly OverlayEntry[], rules: OverlayRules): CheckedOverlay {
  if (entries.length === 0) return { problems: [], manifests: [] };
  const folder = `servers/${rules.serverId}`;
  const texts = textsOf(entries);
  const problems = [...checkId(rules.serverId), ...checkFolder(folder, entries)];
  if (isOversized(entries)) return { problems };
  const rendered = renderFolder(texts);
  if (!rendered.ok) {
    const faults = uniqueFaults([rendered.error, ...unreadable(texts)]);
    return { problems: [...problems, ...faults.map((fault) => problemOf(folder, fault))] };
  }
  if (rendered.origins.length > MANIFESTS_MAX) {
    const message = `Cannot deploy ${folder}: it holds ${rendered.origins.length} manifests, expected ${MANIFESTS_MAX} at most`;
    const path = `${folder}/${KUSTOMIZATION}`;
    return { problems: [...problems, { path, line: 1, endLine: 1, level: 'failure', message }] };
  }
  const place = createPlacer(folder, texts);
  const found = rendered.origins.flatMap((origin) =>
    checkManifest(origin.manifest, rules).map((finding) => place(origin, finding)),
  );
  const manifests = rendered.origins.map(({ manifest }) => manifest);
  // It takes the types of fields for granted.
  const crowded = rendered.origins
    .filter(({ manifest }) => manifest.kind === 'Deployment' && found.length === 0)
    .flatMap((origin) => checkRoom(manifests, rules.quota).map((finding) => place(origin, finding)));
  const listed = rendered.origins.map(({ file }) => file);
  const faults = unreadable(texts).map((fault) => problemOf(folder, fault));
  return {
    problems: [...problems, ...found, ...crowded, ...faults, ...unlisted(folder, texts, listed)],
    manifests,
  };
}

function checkId(serverId: string): ReviewProblem[] {
  if (isServerId(serverId)) return [];
  return [
    {
      path: `servers/${serverId}/${KUSTOMIZATION}`,
      line: 1,
      endLine: 1,
      level: 'failure',
      message:
        'Cannot deploy this directory: its name is no server id, expected lower case letters, digits and "-", ending in "-" and six of them',
    },
  ];
}

type Rendered = { ok: true; origins: RenderedManifest[] } | { ok: false; error: NotRenderableError };

/** Renders what our renderer can; what it cannot is an outcome, not an error. */
export function renderFolder(texts: Readonly<Record<string, string>>, kinds?: readonly string[]): Rendered {
  try {
    return { ok: true, origins: renderWithOrigins(texts, kinds) };
  } catch (error) {
    if (error instanceof NotRenderableError) return { ok: false, error };
    throw error;
  }
}

/** The manifests that cannot be read, listed or not: a Secret stands in git either way. */
function unreadable(texts: Readonly<Record<string, string>>): NotRenderableError[] {
  return Object.entries(texts).flatMap(([file, text]) => {
    if (file === KUSTOMIZATION || !/\.ya?ml$/.test(file)) return [];
    try {
      readManifests(text, file);
      return [];
    } catch (error) {
      if (error instanceof NotRenderableError) return [error];
      throw error;
    }
  });
}

function uniqueFaults(faults: readonly NotRenderableError[]): NotRenderableError[] {
  return faults.filter((fault, index) => faults.findIndex(({ message }) => message === fault.message) === index);
}

export function problemOf(folder: string, { file, line, message }: NotRenderableError): ReviewProblem {
  return { path: `${folder}/${file}`, line, endLine: line, level: 'failure', message };
}

/** Puts findings in rendered manifests on the lines of the files they come from. */
export function createPlacer(
  folder: string,
  texts: Readonly<Record<string, string>>,
): (origin: RenderedManifest, finding: Finding) => ReviewProblem {
  const locators = new Map<string, ReturnType<typeof createYamlLocator>>();
  return ({ file, document }, { path, part, message }) => {
    const locate = locators.get(file) ?? createYamlLocator(texts[file] ?? '');
    locators.set(file, locate);
    return { path: `${folder}/${file}`, ...locate({ document, path, part }), level: 'failure', message };
  };
}

function unlisted(folder: string, texts: Readonly<Record<string, string>>, listed: string[]): ReviewProblem[] {
  return Object.keys(texts)
    .filter((file) => file !== KUSTOMIZATION && /\.ya?ml$/.test(file) && !listed.includes(file))
    .map((file) => ({
      path: `${folder}/${file}`,
      line: 1,
      endLine: 1,
      level: 'warning',
      message: `Cannot deploy ${file}: ${KUSTOMIZATION} does not list it, so it has no effect, expected it under resources`,
    }));
}
