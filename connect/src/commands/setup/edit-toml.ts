import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { type EditOutcome, isRecord, withEntry } from './edit-outcome.ts';

/**
 * Sets one table of a TOML file, as text, so that comments and order stay. What came of it is read back: a file where
 * the table is written in a way this does not know, inline or in parts, is refused.
 * @param options.value undefined takes the table out
 */
export function editToml(options: { text: string; section: string; name: string; value: unknown }): EditOutcome {
  const { text, section, name, value } = options;
  const before = parseToml(text);
  if ('problem' in before) return { ok: false, problem: before.problem };
  if (before.value[section] !== undefined && !isRecord(before.value[section])) {
    return { ok: false, problem: `"${section}" is not a table` };
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const kept = withoutTable(text.split(/\r?\n/), `${section}.${name}`).join(eol).trimEnd();
  const added = isRecord(value) ? renderTable(`${section}.${name}`, value).join(eol) : '';
  const after = [kept, added].filter((part) => part !== '').join(eol + eol) + eol;
  const read = parseToml(after);
  const wanted = withEntry(before.value, { section, name, value });
  if ('problem' in read || !isDeepStrictEqual(normalize(read.value, section), normalize(wanted, section))) {
    return { ok: false, problem: `"${section}.${name}" is written in a way that cannot be edited safely` };
  }
  return { ok: true, text: after };
}

export function readTomlEntries(text: string, section: string): Record<string, unknown> {
  const read = parseToml(text);
  const entries = 'problem' in read ? undefined : read.value[section];
  return isRecord(entries) ? entries : {};
}

/** What the syntax says is wrong, with its line; undefined where nothing is. */
export function findTomlProblem(text: string): string | undefined {
  const read = parseToml(text);
  return 'problem' in read ? read.problem : undefined;
}

function parseToml(text: string): { value: Record<string, unknown> } | { problem: string } {
  try {
    // Through JSON, for objects of the common kind; dates become texts on both sides of a comparison.
    return { value: JSON.parse(JSON.stringify(parse(text.replace(/^\uFEFF/, '')))) };
  } catch (error) {
    if (!(error instanceof TomlError)) return { problem: 'it holds values that cannot be compared' };
    return { problem: `line ${error.line}: it is not TOML` };
  }
}

/** A table without entries is as good as none. */
function normalize(value: Record<string, unknown>, section: string): Record<string, unknown> {
  const { [section]: entries, ...rest } = value;
  return isRecord(entries) && Object.keys(entries).length > 0 ? { ...rest, [section]: entries } : rest;
}

function withoutTable(lines: string[], table: string): string[] {
  let isInside = false;
  return lines.filter((line) => {
    const header = /^\s*\[{1,2}([^\]]+)\]{1,2}\s*(#.*)?$/.exec(line)?.[1];
    if (header !== undefined) {
      const path = header.replace(/["'\s]/g, '');
      isInside = path === table || path.startsWith(`${table}.`);
    }
    return !isInside;
  });
}

/** Strings of TOML are those of JSON where they hold no control characters, which JSON escapes in a way TOML knows. */
function renderTable(table: string, value: Record<string, unknown>): string[] {
  const entries = Object.entries(value);
  const own = entries.filter(([, entry]) => !isRecord(entry));
  const tables = entries.filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]));
  return [
    `[${table}]`,
    ...own.map(([key, entry]) => `${renderKey(key)} = ${renderValue(entry)}`),
    ...tables.flatMap(([key, entry]) => ['', ...renderTable(`${table}.${renderKey(key)}`, entry)]),
  ];
}

function renderKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

function renderValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
  return JSON.stringify(value);
}
