import { isRecord } from '../api/merge-patch.ts';

/**
 * What applying makes of a live object: fields that were applied before and are wanted no more go, wanted ones are set,
 * all others stay. Lists of the same length and names merge item by item, others are replaced. Pure.
 */
export function threeWayMerge(applied: unknown, wanted: unknown, live: unknown): unknown {
  if (Array.isArray(wanted)) return mergeLists(applied, wanted, live);
  if (!isRecord(wanted)) return wanted;
  const merged: Record<string, unknown> = isRecord(live) ? { ...live } : {};
  const before = isRecord(applied) ? applied : {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(wanted, key)) delete merged[key];
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null || value === undefined) delete merged[key];
    else merged[key] = threeWayMerge(before[key], value, merged[key]);
  }
  return merged;
}

function mergeLists(applied: unknown, wanted: unknown[], live: unknown): unknown[] {
  const isAligned =
    Array.isArray(live) &&
    live.length === wanted.length &&
    wanted.every((item, index) => isRecord(item) && isRecord(live[index]) && item.name === live[index].name);
  if (!isAligned) return wanted;
  const before: unknown[] = Array.isArray(applied) ? applied : [];
  return wanted.map((item, index) => threeWayMerge(before[index], item, live[index]));
}
