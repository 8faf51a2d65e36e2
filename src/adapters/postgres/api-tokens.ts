import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'slonik';
import { z } from 'zod';
import type { ApiTokens } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { boundedText } from './storable.ts';

const TOKEN_PREFIX = 'mcph_';

/** 256 bits: cannot be guessed, so one round of SHA-256 without salt is enough to store. */
const SECRET_BYTES = 32;

const NAME_CHARACTERS_MAX = 100;

export function createApiTokens(database: Database): ApiTokens {
  return {
    async verify(token) {
      if (!/^mcph_[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
      const name = await database.run((connection) =>
        connection.maybeOneFirst(sql.type(z.object({ name: z.string() }))`
          SELECT name FROM api_tokens WHERE sha256 = ${sql.binary(digest(token))} AND revoked_at IS NULL
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
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
