import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { UserError } from './user-error.ts';

/**
 * Sets the count of the one entry under `replicas` in a `kustomization.yaml` and keeps every other byte, so that a stop
 * is a one-line diff also in a file that people have edited.
 *
 * @throws UserError `overlay-replicas-unclear` when the file does not have exactly one such count
 */
export function setReplicas(kustomizationText: string, replicas: number): string {
  if (!Number.isInteger(replicas) || replicas < 0) {
    throw new Error(`Cannot set replicas: ${replicas} was given, expected a whole number of 0 or more`);
  }
  if (kustomizationText.length > KUSTOMIZATION_CHARS_MAX) throw unclear('it is over 256 KiB');
  const { start, end } = countRange(kustomizationText);
  return kustomizationText.slice(0, start) + String(replicas) + kustomizationText.slice(end);
}

/** Ours have about 800 characters. */
const KUSTOMIZATION_CHARS_MAX = 262_144;

function countRange(text: string): { start: number; end: number } {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  if (document.errors.length > 0) throw unclear('it is not one valid YAML document');
  if (!isMap(document.contents)) throw unclear('it is not a mapping');
  const entries = document.contents.items.filter(({ key }) => isScalar(key) && key.value === 'replicas');
  const list = entries[0]?.value;
  if (entries.length !== 1 || !isSeq(list)) throw unclear('it has no list under replicas');
  const [entry, ...others] = list.items;
  if (others.length > 0 || !isMap(entry)) throw unclear(`the list under replicas has ${list.items.length} entries`);
  const counts = entry.items.filter(({ key }) => isScalar(key) && key.value === 'count');
  const count = counts[0]?.value;
  if (counts.length !== 1 || !isScalar(count) || !count.range || count.source === '') {
    throw unclear('its entry under replicas has no count');
  }
  if (!/^[0-9]+$/.test(text.slice(count.range[0], count.range[1]))) throw unclear('its count is not a plain number');
  return { start: count.range[0], end: count.range[1] };
}

function unclear(state: string): UserError {
  return new UserError(
    'overlay-replicas-unclear',
    `Cannot set replicas in kustomization.yaml: ${state}, expected one entry under replicas with a count`,
    'Put replicas back as a list with one entry {name, count}, or comment /host to have the overlay written anew.',
  );
}
