/** A JSON object from a request, which was checked against GitHub's description before any handler sees it. */
export type Fields = Record<string, unknown>;

export function readText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** null is a value here: it empties a field. */
export function readNullableText(fields: Fields, name: string): string | null | undefined {
  return fields[name] === null ? null : readText(fields, name);
}

export function readFlag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  return typeof value === 'boolean' ? value : undefined;
}

export function readNumber(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return typeof value === 'number' ? value : undefined;
}

export function readFields(fields: Fields, name: string): Fields | undefined {
  return isFields(fields[name]) ? fields[name] : undefined;
}

export function readList(fields: Fields, name: string): unknown[] | undefined {
  const value = fields[name];
  return Array.isArray(value) ? value : undefined;
}

export function readTexts(fields: Fields, name: string): string[] | undefined {
  return readList(fields, name)?.filter((value): value is string => typeof value === 'string');
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
