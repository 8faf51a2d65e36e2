/** Shorter values are words that any log is full of, such as `debug` and `3000`, and no secrets worth the name. */
const VALUE_CHARS_MIN = 6;

/** A Secret may hold 64 values and files of many lines: as many texts are looked for. */
const FORMS_MAX = 1_000;

/**
 * Log lines of a server with the values of its own variables replaced by `[redacted]`: as they are, in JSON, in a URL, in
 * base64, and each line of a value that has several.
 */
export function redactValues(lines: readonly string[], values: readonly string[]): string[] {
  const parts = values.flatMap((value) => (/[\r\n]/.test(value) ? value.split(/[\r\n]+/) : []));
  const forms = [...new Set([...values, ...parts].filter((text) => text.length >= VALUE_CHARS_MIN).flatMap(formsOf))];
  const sought = forms.slice(0, FORMS_MAX).sort((a, b) => b.length - a.length);
  return lines.map((line) => sought.reduce((text, form) => text.replaceAll(form, '[redacted]'), line));
}

function formsOf(text: string): string[] {
  const value = text.toWellFormed();
  const bytes = Array.from(new TextEncoder().encode(value), (byte) => String.fromCodePoint(byte));
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), btoa(bytes.join(''))];
}
