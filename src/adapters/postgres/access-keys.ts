import { sql } from 'slonik';
import { z } from 'zod';
import type { AccessKeys } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { boundedText, storableText } from './storable.ts';

const NAME_CHARACTERS_MAX = 100;

const keyRow = z.object({
  id: z.string(),
  name: z.string(),
  created_at: z.date(),
  created_by: z.string(),
  expires_at: z.date().nullable(),
  last_used_at: z.date().nullable(),
});

const revokedRow = z.object({ id: z.string() });

export function createAccessKeys(database: Database): AccessKeys {
  return {
    async create(hostedServerId, { id, name, createdAt, createdBy, expiresAt }) {
      const storedName = boundedText('key name', name, NAME_CHARACTERS_MAX);
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO access_keys (hosted_server_id, id, name, created_by, created_at, expires_at)
          VALUES (${hostedServerId}, ${id}, ${storedName}, ${storableText(createdBy)},
            ${createdAt.toISOString()}, ${expiresAt?.toISOString() ?? null})
          ON CONFLICT DO NOTHING
        `),
      );
    },

    async list(hostedServerId) {
      const rows = await database.run((connection) =>
        connection.any(sql.type(keyRow)`
          SELECT id, name, created_at, created_by, expires_at, last_used_at FROM access_keys
          WHERE hosted_server_id = ${hostedServerId} AND revoked_at IS NULL
          ORDER BY created_at, id
        `),
      );
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        createdAt: row.created_at,
        createdBy: row.created_by,
        expiresAt: row.expires_at,
        lastUsedAt: row.last_used_at,
      }));
    },

    async revoke(hostedServerId, id, revokedBy) {
      const found = await database.run((connection) =>
        connection.maybeOne(sql.type(revokedRow)`
          UPDATE access_keys
          SET revoked_at = COALESCE(revoked_at, NOW()), revoked_by = COALESCE(revoked_by, ${storableText(revokedBy)})
          WHERE hosted_server_id = ${hostedServerId} AND id = ${storableText(id)}
          RETURNING id
        `),
      );
      return found !== null;
    },

    async noteUses(hostedServerId, uses) {
      const seen = [...uses].map(([id, at]) => ({ id: storableText(id), at: at.toISOString() }));
      if (seen.length === 0) return;
      await database.run((connection) =>
        connection.query(sql.unsafe`
          UPDATE access_keys SET last_used_at = GREATEST(last_used_at, seen.at)
          FROM jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) AS seen (id TEXT, at TIMESTAMPTZ)
          WHERE access_keys.hosted_server_id = ${hostedServerId} AND access_keys.id = seen.id
        `),
      );
    },
  };
}
