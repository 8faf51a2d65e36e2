/**
 * Makes a server id `<slug>-<suffix>` from a display name.
 *
 * @param options.name any text; what is no letter or digit of ASCII becomes a hyphen
 * @param options.randomBytes a cryptographic source: the id is part of a public host name that must not be guessed
 */
export function createServerId(options: { name: string; randomBytes: (count: number) => Uint8Array }): string {
  return `${slugOf(options.name)}-${randomSuffix(options.randomBytes)}`;
}

/** Whether the text has the form of a server id: a DNS-1123 label of at most 50 characters that ends in a suffix. */
export function isServerId(text: string): boolean {
  return text.length <= SERVER_ID_CHARS_MAX && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[a-z0-9]{6}$/.test(text);
}

/** A DNS-1123 label, and with the prefix `mcp-` still one: 50 characters is also the column's width (seed). */
const SERVER_ID_CHARS_MAX = 50;
/** 31 characters without those that people confuse (0 o, 1 i l): 6 of them make 887 million suffixes. */
const SUFFIX_ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const SUFFIX_CHARS = 6;
const SLUG_CHARS_MAX = SERVER_ID_CHARS_MAX - SUFFIX_CHARS - 1;
/** Draws before a source of randomness that only gives unusable bytes is called broken. */
const DRAWS_MAX = 100;

function slugOf(name: string): string {
  const slug = name
    .slice(0, 4 * SLUG_CHARS_MAX)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, SLUG_CHARS_MAX)
    .replace(/-$/, '');
  return slug === '' ? 'server' : slug;
}

/** Bytes beyond the last whole multiple of the alphabet are drawn again: `byte % 31` alone would favour some letters. */
function randomSuffix(randomBytes: (count: number) => Uint8Array): string {
  const usable = 256 - (256 % SUFFIX_ALPHABET.length);
  let suffix = '';
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    for (const byte of randomBytes(SUFFIX_CHARS)) {
      if (byte < usable) suffix += SUFFIX_ALPHABET.charAt(byte % SUFFIX_ALPHABET.length);
      if (suffix.length === SUFFIX_CHARS) return suffix;
    }
  }
  throw new Error(`Cannot draw a server id: ${DRAWS_MAX} draws gave no usable bytes, expected random ones`);
}
