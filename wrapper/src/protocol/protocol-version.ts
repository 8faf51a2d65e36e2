/** Revisions with `initialize` and sessions. The list of the official SDKs (1.32 and 2.4). */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** What the wrapper offers to the child. */
export const NEWEST_LEGACY_VERSION = '2025-11-25';

/** The first revision without `initialize`; versions are dates, so they compare as text. */
const FIRST_MODERN_VERSION = '2026-07-28';

/** Where a modern request names its version (2026-07-28, basic, `_meta`). */
export const VERSION_META_KEY = 'io.modelcontextprotocol/protocolVersion';

export function isModernVersion(version: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= FIRST_MODERN_VERSION;
}

/**
 * The version to answer a client's `initialize` with (2025-11-25, lifecycle, version negotiation): the requested one
 * if both we and the child can, else the child's own, which the client may refuse.
 */
export function negotiateVersion(requested: unknown, childVersion: string): string {
  const isOurs = typeof requested === 'string' && LEGACY_VERSIONS.includes(requested);
  return isOurs && requested <= childVersion ? requested : childVersion;
}
