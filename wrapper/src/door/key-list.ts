import { timingSafeEqual } from 'node:crypto';
import type { Principal } from './principal.ts';

export interface Key {
  /** SHA-256 of the key in lower-case hex. */
  sha256: string;
  name?: string;
}

export type KeyListOutcome = { ok: true; keys: Key[] } | { ok: false; problem: string };

/**
 * One key a line: its SHA-256 in hex and, after blanks, a name; `#` begins a comment line. Nothing of a wrong line is
 * told, since it may be a key itself.
 */
export function parseKeyList(text: string): KeyListOutcome {
  const keys: Key[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, sha256, name] = /^([0-9a-f]{64})(?:\s+(\S.*))?$/i.exec(trimmed) ?? [];
    if (sha256 === undefined) {
      return {
        ok: false,
        problem: `line ${index + 1} must be a SHA-256 of 64 hexadecimal digits and an optional name`,
      };
    }
    keys.push({ sha256: sha256.toLowerCase(), ...(name !== undefined && { name }) });
  }
  return { ok: true, keys };
}

interface KnownKey {
  hash: Buffer;
  principal: Principal;
}

/** The keys that may enter. Immutable: a changed file makes a new one. */
export class KeyList {
  readonly #keys: readonly KnownKey[];

  constructor(keys: readonly Key[]) {
    this.#keys = keys.map(({ sha256, name }) => {
      const hash = Buffer.from(sha256, 'hex');
      const id = hash.toString('base64url', 0, PRINCIPAL_ID_BYTES);
      return { hash, principal: { id, kind: 'key', scopes: [], ...(name !== undefined && { name }) } };
    });
  }

  /** Ids of the principals that come in by these keys. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#keys.map(({ principal }) => principal.id));
  }

  /** Every hash is compared, so the time tells nothing about which one fitted. */
  find(hash: Buffer): Principal | undefined {
    let found: Principal | undefined;
    for (const { hash: known, principal } of this.#keys) {
      if (timingSafeEqual(known, hash)) found = principal;
    }
    return found;
  }
}

/** Enough to tell keys apart, too little to check guesses of a key against a log line that shows it. */
const PRINCIPAL_ID_BYTES = 12;
