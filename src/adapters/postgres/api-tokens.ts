import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'slonik';
import { z } from 'zod';
import type { ApiTokens } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { boundedText } from './storable.ts';
import { isUuid } from './uuid.ts';

const TOKEN_PREFIX = 'mcph_';

/** 256 bits: cannot be guessed, so one round of SHA-256 without salt is enough to store. */
const SECRET_BYTES = 32;

const NAME_CHARACTERS_MAX = 100;

/** `last_used_at` is exact to this, so that a client that polls does not write a row at every request. */
const USE_EXACT_SECONDS = 60;

const tokenRow = z.object({
  id: z.string(),
  name: z.string(),
  created_at: z.date(),
  last_used_at: z.date().nullable(),
});

const nameRow = z.object({ name: z.string() });

export function createApiTokens(database: Database): ApiTokens {
  return {
    async verify(token) {
      if (!/^mcph_[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
      const name = await database.run((connection) =>
        connection.maybeOneFirst(sql.type(nameRow)`
          WITH known AS (
            SELECT id, name FROM api_tokens WHERE sha256 = ${sql.binary(digest(token))} AND revoked_at IS NULL
          ), used AS (
            UPDATE api_tokens SET last_used_at = NOW()
            WHERE id = (SELECT id FROM known)
              AND COALESCE(last_used_at, '-infinity') < NOW() - MAKE_INTERVAL(secs => ${USE_EXACT_SECONDS})
          )
          SELECT name FROM known
        `),
      );
      return name ?? undefined;
    },

    async create(name) {
      const token = `${TOKEN_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const stored = boundedText('token name', name, NAME_CHARACTERS_MAX);
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO api_tokens (name, sha256) VALUES (${stored}, ${sql.binary(digest(token))})
          ON CONFLICT (sha256) DO NOTHING
        `),
      );
      return token;
    },

    async list() {
      const rows = await database.run((connection) =>
        connection.any(sql.type(tokenRow)`
          SELECT id, name, created_at, last_used_at FROM api_tokens WHERE revoked_at IS NULL ORDER BY created_at, id
        `),
      );
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
      }));
    },

    async revoke(id) {
      if (!isUuid(id)) return undefined;
      const name = await database.run((connection) =>
        connection.maybeOneFirst(sql.type(nameRow)`
          UPDATE api_tokens SET revoked_at = COALESCE(revoked_at, NOW()) WHERE id = ${id} RETURNING name
        `),
      );
      return name ?? undefined;
    },
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
