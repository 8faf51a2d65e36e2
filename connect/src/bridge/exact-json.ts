/** Node.js 20 has neither; there, digits beyond 2^53 are lost as ever. */
const { rawJSON } = JSON as { rawJSON?: (text: string) => object };

/** Sixteen digits where a value may stand: an integer that may be beyond 2^53. */
const LONG_INTEGER = /[[:,]\s*-?\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * `JSON.parse`, but an integer beyond 2^53 becomes an object that `JSON.stringify` writes with all of its digits. Servers
 * and clients in other languages use such numbers (64-bit ids, times in nanoseconds), and what is passed on must not
 * change them.
 * @throws SyntaxError
 */
export function parseExactly(given: string): unknown {
  // Programs on Windows begin what they write with a byte order mark.
  const text = given.startsWith('\uFEFF') ? given.slice(1) : given;
  if (rawJSON === undefined || !LONG_INTEGER.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, keepDigits);
  } catch (error) {
    // Without a reviver, nesting without end needs no stack.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/** The digits of an integer that a double would change; undefined for any other value. */
export function exactDigits(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) return undefined;
  return (value as { rawJSON?: string }).rawJSON;
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return rawJSON && INTEGER.test(source) ? rawJSON(source) : value;
}
