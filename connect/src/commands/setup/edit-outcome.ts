export type EditOutcome =
  | { ok: true; text: string }
  /** The file cannot be edited safely: why, with the line where there is one. */
  | { ok: false; problem: string };

/** What the file shall say once it has the entry, or no longer has it. */
export function withEntry(
  before: Record<string, unknown>,
  { section, name, value }: { section: string; name: string; value: unknown },
): Record<string, unknown> {
  const entries: Record<string, unknown> = { ...(before[section] as Record<string, unknown> | undefined) };
  if (value === undefined) delete entries[name];
  else entries[name] = value;
  return before[section] === undefined && value === undefined ? before : { ...before, [section]: entries };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
