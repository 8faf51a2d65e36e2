import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { PAUSED_REPLICAS_ANNOTATION } from './manifests/keda.ts';
import { serverObjectName } from './manifests/server-object.ts';
import type { OverlayFiles } from './overlay-input.ts';
import { setReplicas } from './set-replicas.ts';
import { UserError } from './user-error.ts';

export const KUSTOMIZATION_FILE = 'kustomization.yaml';
/** The file that says that KEDA decides on the number of pods. */
export const SCALED_OBJECT_FILE = 'scaledobject.yaml';
/** The file that says that a HorizontalPodAutoscaler does. */
export const AUTOSCALER_FILE = 'horizontalpodautoscaler.yaml';

/**
 * Stops a server or lets it run again by one line of its overlay, and keeps every other byte:
 * - a count in git is set to `replicas`;
 * - beside a HorizontalPodAutoscaler there is none, and a line with a count of 0 turns the autoscaler off
 *   (kubernetes.io, Horizontal Pod Autoscaling, implicit maintenance-mode deactivation);
 * - KEDA holds the server at 0 while its annotation is there.
 *
 * @throws UserError `overlay-replicas-unclear` when the file does not have the one place to change
 */
export function setScale(overlay: OverlayFiles, serverId: string, replicas: number): Record<string, string> {
  const change = (file: string, edit: (text: string) => string) => ({ ...overlay, [file]: edit(overlay[file] ?? '') });
  const isHeld = replicas === 0;
  if (Object.hasOwn(overlay, SCALED_OBJECT_FILE)) {
    return change(SCALED_OBJECT_FILE, (text) => holdScaledObject(text, isHeld));
  }
  if (Object.hasOwn(overlay, AUTOSCALER_FILE)) {
    return change(KUSTOMIZATION_FILE, (text) => holdReplicas(text, serverObjectName(serverId), isHeld));
  }
  return change(KUSTOMIZATION_FILE, (text) => setReplicas(text, replicas));
}

/** Ours have about 800 characters. */
const FILE_CHARS_MAX = 262_144;

function holdScaledObject(text: string, isHeld: boolean): string {
  const annotations = annotationsOf(text);
  const pair = pairOf(annotations, PAUSED_REPLICAS_ANNOTATION);
  if (pair) {
    if (isHeld && annotations.get(PAUSED_REPLICAS_ANNOTATION) === '0') return text;
    const released = withoutLine(text, pair, SCALED_OBJECT_FILE);
    return isHeld ? holdScaledObject(released, true) : released;
  }
  if (!isHeld) return text;
  const last = annotations.items.at(-1);
  const indent = ' '.repeat(columnOf(text, startOf(last)));
  const held = withLineAfter(text, endOf(last), `${indent}${PAUSED_REPLICAS_ANNOTATION}: "0"`);
  if (annotationsOf(held).get(PAUSED_REPLICAS_ANNOTATION) !== '0') {
    throw unclear(SCALED_OBJECT_FILE, 'a line cannot be added to its annotations', 'one annotation a line');
  }
  return held;
}

function annotationsOf(text: string): YAMLMap {
  const metadata = readMap(text, SCALED_OBJECT_FILE).get('metadata');
  const annotations = isMap(metadata) ? metadata.get('annotations') : undefined;
  if (!isMap(annotations) || annotations.flow || annotations.items.length === 0) {
    throw unclear(SCALED_OBJECT_FILE, 'it has no annotations in lines of their own', 'one annotation a line');
  }
  return annotations;
}

function holdReplicas(text: string, name: string, isHeld: boolean): string {
  const root = readMap(text, KUSTOMIZATION_FILE);
  const pair = pairOf(root, 'replicas');
  if (pair) return isHeld ? setReplicas(text, 0) : withoutLine(text, pair, KUSTOMIZATION_FILE);
  if (!isHeld) return text;
  const held = withLineAfter(text, endOf(root.items.at(-1)), `replicas: [{name: ${name}, count: 0}]`);
  // It must be read as it was meant, whatever stands around it.
  return setReplicas(held, 0);
}

function readMap(text: string, file: string): YAMLMap {
  if (text.length > FILE_CHARS_MAX) throw unclear(file, 'it is over 256 KiB', 'less');
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true, logLevel: 'error' });
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw unclear(file, 'it is not one valid YAML mapping', 'one');
  }
  return document.contents;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === key);
}

function startOf(pair: Pair | undefined): number {
  return (pair?.key as { range?: [number, number, number] } | null)?.range?.[0] ?? 0;
}

function endOf(pair: Pair | undefined): number {
  const node = (pair?.value ?? pair?.key) as { range?: [number, number, number] } | null;
  return node?.range?.[1] ?? 0;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** Removes the line of a pair, which may share it with nothing but a comment. */
function withoutLine(text: string, pair: Pair, file: string): string {
  const start = text.lastIndexOf('\n', startOf(pair) - 1) + 1;
  const lineEnd = text.indexOf('\n', startOf(pair));
  const end = lineEnd < 0 ? text.length : lineEnd + 1;
  if (text.slice(start, startOf(pair)).trim() !== '' || endOf(pair) > end) {
    throw unclear(file, 'the hold at 0 is more than one line', 'the line that mcp-hosting writes');
  }
  return text.slice(0, start) + text.slice(end);
}

/** Adds a line after the one that the offset is in, or after which it stands. */
function withLineAfter(text: string, offset: number, line: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const inLine = text[offset - 1] === '\n' ? offset - 1 : offset;
  const lineEnd = text.indexOf('\n', inLine);
  if (lineEnd < 0) return `${text}${newline}${line}`;
  return `${text.slice(0, lineEnd + 1)}${line}${newline}${text.slice(lineEnd + 1)}`;
}

function unclear(file: string, state: string, expected: string): UserError {
  return new UserError(
    'overlay-replicas-unclear',
    `Cannot set replicas in ${file}: ${state}, expected ${expected}`,
    'Undo the change in the deployments repository, or comment /host to have the overlay written anew.',
  );
}
