/** Revisions with `initialize` and sessions, the newest first. The list of the official SDKs (1.32 and 2.4). */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
];

/** The revision that carries version and capabilities in each request. */
export const MODERN_VERSION = '2026-07-28';

/** What `server/discover` and errors of version offer. */
export const SUPPORTED_VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];

/** What the wrapper offers to a legacy child. */
export const NEWEST_LEGACY_VERSION = '2025-11-25';

/** Modern: version and capabilities travel with each request. Legacy: `initialize` settles them (2026-07-28, versioning). */
export type Era = 'legacy' | 'modern';

/** Versions are dates, so they compare as text. */
export function isModernVersion(version: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= MODERN_VERSION;
}

/**
 * The version to answer a client's `initialize` with (2025-11-25, lifecycle, version negotiation): the requested one
 * if both we and the child can, else the newest that the child can, which the client may refuse.
 */
export function negotiateVersion(requested: unknown, childVersion: string): string {
  const newest = LEGACY_VERSIONS.includes(childVersion) ? childVersion : NEWEST_LEGACY_VERSION;
  const isOurs = typeof requested === 'string' && LEGACY_VERSIONS.includes(requested);
  return isOurs && requested <= newest ? requested : newest;
}
