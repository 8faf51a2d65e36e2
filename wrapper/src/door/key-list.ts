import { timingSafeEqual } from 'node:crypto';
import type { Principal } from './principal.ts';

export interface Key {
  /** SHA-256 of the key in lower-case hex. */
  sha256: string;
  /** What whoever made the key calls it by; no secret. */
  id?: string;
  name?: string;
  /** Wall-clock time from which the key lets nobody in any more. Absent: never. */
  expiresAtMs?: number;
}

export type KeyListOutcome = { ok: true; keys: Key[] } | { ok: false; problem: string };

/** The hash, then what is known of the key, in this order, so that a name can hold anything. */
const KEY_LINE = /^([0-9a-f]{64})(?:\s+id=(\S+))?(?:\s+expires=(\S+))?(?:\s+(\S.*))?$/i;

/** RFC 3339 in UTC, as `Date.toISOString` writes it. */
const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/**
 * One key a line: its SHA-256 in hex and, after blanks, `id=` and an id, `expires=` and a time or `never`, and a name;
 * `#` begins a comment line. Nothing of a wrong line is told, since it may be a key itself.
 */
export function parseKeyList(text: string): KeyListOutcome {
  const keys: Key[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, sha256, id, expires, name] = KEY_LINE.exec(trimmed) ?? [];
    if (sha256 === undefined) {
      return {
        ok: false,
        problem: `line ${index + 1} must be a SHA-256 of 64 hexadecimal digits and an optional name`,
      };
    }
    const expiresAtMs = parseExpiry(expires);
    if (Number.isNaN(expiresAtMs)) {
      return { ok: false, problem: `line ${index + 1} must expire at a time such as 2027-01-31T12:00:00Z, or never` };
    }
    keys.push({
      sha256: sha256.toLowerCase(),
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    });
  }
  return { ok: true, keys };
}

/** @returns undefined: never; NaN: no time */
function parseExpiry(text: string | undefined): number | undefined {
  if (text === undefined || text === 'never') return undefined;
  return UTC_TIME.test(text) ? Date.parse(text) : Number.NaN;
}

/** Whether the key still lets somebody in at this time. */
export function isLive({ expiresAtMs }: Pick<Key, 'expiresAtMs'>, nowMs: number): boolean {
  return expiresAtMs === undefined || nowMs < expiresAtMs;
}

export interface KnownKey extends Pick<Key, 'id' | 'expiresAtMs'> {
  readonly principal: Principal;
}

/** The keys that may enter. Immutable: a changed file makes a new one. */
export class KeyList {
  readonly #keys: readonly (KnownKey & { hash: Buffer })[];

  constructor(keys: readonly Key[]) {
    this.#keys = keys.map(({ sha256, name, id: keyId, expiresAtMs }) => {
      const hash = Buffer.from(sha256, 'hex');
      const id = hash.toString('base64url', 0, PRINCIPAL_ID_BYTES);
      const principal: Principal = { id, kind: 'key', scopes: [], ...(name !== undefined && { name }) };
      return {
        hash,
        principal,
        ...(keyId !== undefined && { id: keyId }),
        ...(expiresAtMs !== undefined && { expiresAtMs }),
      };
    });
  }

  /** Ids of the principals that come in by these keys. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#keys.map(({ principal }) => principal.id));
  }

  /** Every hash is compared, so the time tells nothing about which one fitted. */
  find(hash: Buffer): KnownKey | undefined {
    let found: KnownKey | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(key.hash, hash)) found = key;
    }
    return found;
  }
}

/** Enough to tell keys apart, too little to check guesses of a key against a log line that shows it. */
const PRINCIPAL_ID_BYTES = 12;
