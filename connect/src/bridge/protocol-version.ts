/** Modern: version and capabilities travel with each request. Legacy: `initialize` settles them (2026-07-28, versioning). */
export type Era = 'legacy' | 'modern';

/** Revisions with `initialize` and sessions, the newest first. */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** The revision that carries version and capabilities in each request. */
export const MODERN_VERSION = '2026-07-28';

export const NEWEST_LEGACY_VERSION = '2025-11-25';

/** What to answer a legacy client of a modern server: what it asked for, or the newest that it may refuse. */
export function negotiateLegacyVersion(requested: unknown): string {
  return typeof requested === 'string' && LEGACY_VERSIONS.includes(requested) ? requested : NEWEST_LEGACY_VERSION;
}
