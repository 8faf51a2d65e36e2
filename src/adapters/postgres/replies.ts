import { sql } from 'slonik';
import { z } from 'zod';
import type { Replies } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { storableText } from './storable.ts';

const claimRow = z.object({ inserted: z.boolean(), sent: z.boolean() });

export function createReplies(database: Database): Replies {
  return {
    async claim(key) {
      // An update without effect returns the row that stands in the way; `xmax` is 0 for a row just inserted.
      const { inserted, sent } = await database.run((connection) =>
        connection.one(sql.type(claimRow)`
          INSERT INTO replies (key) VALUES (${storableText(key)})
          ON CONFLICT (key) DO UPDATE SET key = excluded.key
          RETURNING (xmax = 0) AS inserted, sent_at IS NOT NULL AS sent
        `),
      );
      if (inserted) return 'new';
      return sent ? 'sent' : 'unsent';
    },

    async confirm(key) {
      await database.run((connection) =>
        connection.query(
          sql.unsafe`UPDATE replies SET sent_at = COALESCE(sent_at, NOW()) WHERE key = ${storableText(key)}`,
        ),
      );
    },
  };
}
