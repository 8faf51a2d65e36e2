import { sql } from 'slonik';
import { z } from 'zod';
import type { SecretChanges } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { storableText } from './storable.ts';

const namedChangeRow = z.object({ name: z.string(), changed_at: z.date(), changed_by: z.string() });

const unfinishedRow = z.object({ id: z.string(), server_id: z.string(), names: z.array(z.string()) });

export function createSecretChanges(database: Database): SecretChanges {
  return {
    async begin({ id, hostedServerId, action, names, changedBy }) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO secret_changes (id, hosted_server_id, action, names, changed_by)
          VALUES (${id}, ${hostedServerId}, ${action}, ${JSON.stringify(names)}::jsonb, ${storableText(changedBy)})
          ON CONFLICT (id) DO NOTHING
        `),
      );
    },

    async finish(id, names) {
      await database.run((connection) =>
        connection.query(
          names.length === 0
            ? sql.unsafe`DELETE FROM secret_changes WHERE id = ${id}`
            : sql.unsafe`
                UPDATE secret_changes SET names = ${JSON.stringify(names)}::jsonb, finished_at = NOW() WHERE id = ${id}
              `,
        ),
      );
    },

    async close(id) {
      await database.run((connection) =>
        connection.query(sql.unsafe`UPDATE secret_changes SET finished_at = NOW() WHERE id = ${id}`),
      );
    },

    async newest(hostedServerId) {
      const rows = await database.run((connection) =>
        connection.any(sql.type(namedChangeRow)`
          SELECT DISTINCT ON (name) name, begun_at AS changed_at, changed_by
          FROM secret_changes, jsonb_array_elements_text(names) AS name
          WHERE hosted_server_id = ${hostedServerId}
          ORDER BY name, begun_at DESC
        `),
      );
      return new Map(
        rows.map(({ name, changed_at: changedAt, changed_by: changedBy }) => [name, { changedAt, changedBy }]),
      );
    },

    async unfinished({ olderThanMs, hostedServerId }) {
      const rows = await database.run((connection) =>
        connection.any(sql.type(unfinishedRow)`
          SELECT c.id, h.server_id, c.names FROM secret_changes c JOIN hosted_servers h ON h.id = c.hosted_server_id
          WHERE c.finished_at IS NULL AND c.begun_at <= NOW() - MAKE_INTERVAL(secs => ${olderThanMs / 1_000})
            AND ${hostedServerId === undefined ? sql.fragment`TRUE` : sql.fragment`h.id = ${hostedServerId}`}
          ORDER BY c.begun_at
        `),
      );
      return rows.map((row) => ({ id: row.id, serverId: row.server_id, names: row.names }));
    },
  };
}
