import type { PgBoss } from 'pg-boss';
import { sql } from 'slonik';
import { z } from 'zod';
import type { DeliveryLog } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { enqueueDelivery } from './job-queue.ts';
import { shortenedText, storableJson, storableText } from './storable.ts';

/** Room for a message with its causes; more is in the log. */
const ERROR_CHARACTERS_MAX = 4_000;

const deliveryRow = z.object({
  id: z.string(),
  event: z.string(),
  payload: z.record(z.string(), z.unknown()).nullable(),
});

export function createDeliveryLog(database: Database, boss: PgBoss): DeliveryLog {
  return {
    receive: ({ id, event, payload }) =>
      database.transaction(async (transaction) => {
        const key = storableText(id);
        const received = await transaction.maybeOne(sql.type(z.object({ id: z.string() }))`
          INSERT INTO deliveries (id, event, payload)
          VALUES (${key}, ${storableText(event)}, ${storableJson(payload)}::jsonb)
          ON CONFLICT (id) DO UPDATE
          SET state = 'received', event = excluded.event, payload = excluded.payload, attempts = 0, error = NULL,
            received_at = NOW(), finished_at = NULL
          WHERE deliveries.state = 'failed'
          RETURNING id
        `);
        if (!received) return false;
        await enqueueDelivery(boss, transaction, key);
        return true;
      }),

    async refuse({ id, event, reason }) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO deliveries (id, event, state, error, finished_at)
          VALUES (${storableText(id)}, ${storableText(event)}, 'failed',
            ${shortenedText(reason, ERROR_CHARACTERS_MAX)}, NOW())
          ON CONFLICT (id) DO NOTHING
        `),
      );
    },

    async read(id) {
      const row = await database.run((connection) =>
        connection.maybeOne(sql.type(deliveryRow)`
          SELECT id, event, payload FROM deliveries WHERE id = ${storableText(id)}
        `),
      );
      return row?.payload ? { id: row.id, event: row.event, payload: row.payload } : undefined;
    },

    async markDone(id) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          UPDATE deliveries SET state = 'done', error = NULL, finished_at = NOW() WHERE id = ${storableText(id)}
        `),
      );
    },

    async markFailed(id, error) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          UPDATE deliveries
          SET state = 'failed', error = ${shortenedText(error, ERROR_CHARACTERS_MAX)}, finished_at = NOW()
          WHERE id = ${storableText(id)}
        `),
      );
    },
  };
}
