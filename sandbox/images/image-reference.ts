/** `registry.example:5000/owner/name:tag` or `…@sha256:<hex>`; with both, the digest counts, as in every container runtime. */
export interface ImageReference {
  name: string;
  tag: string;
  digest: string | null;
}

/** Longest reference that the OCI distribution specification lets a registry take, name and tag. */
const REFERENCE_CHARACTERS_MAX = 512;
const NAME = /^[a-z0-9]+(?:[._:-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @returns undefined where the text is no image reference. The tag defaults to `latest`. */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length > REFERENCE_CHARACTERS_MAX) return undefined;
  const [rest = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const colon = rest.lastIndexOf(':');
  const tagged = colon > rest.lastIndexOf('/');
  const name = tagged ? rest.slice(0, colon) : rest;
  const tag = tagged ? rest.slice(colon + 1) : 'latest';
  if (!NAME.test(name) || !TAG.test(tag)) return undefined;
  return { name, tag, digest: digest ?? null };
}
