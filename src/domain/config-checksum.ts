const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/**
 * Sixteen hex digits that change with a value: FNV-1a over its JSON, keys sorted. It tells versions of our own settings
 * apart and protects nothing.
 */
export function configChecksum(value: unknown): string {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(JSON.stringify(sorted(value)))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(16).padStart(16, '0');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
