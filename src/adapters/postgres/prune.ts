import { sql } from 'slonik';
import type { Database } from './database.ts';

/** GitHub lets a delivery be sent again for 3 days; its payload is of use to nobody after some more. */
const PAYLOAD_KEPT_DAYS = 7;

/** A delivery's id is remembered far longer than GitHub may repeat it. */
const DELIVERY_KEPT_DAYS = 30;

/** A reply is claimed by a delivery, which is forgotten by then. */
const REPLY_KEPT_DAYS = 90;

/** A pull request may wait long for its `/host`; after this its head must be pushed or commented on anew. */
const PULL_REQUEST_HEAD_KEPT_DAYS = 400;

/** Forgets what has served. What is still to be done is never touched. */
export async function prune(database: Database): Promise<void> {
  await database.run(async (connection) => {
    await connection.query(sql.unsafe`
      UPDATE deliveries SET payload = NULL
      WHERE state = 'done' AND payload IS NOT NULL AND received_at < ${daysAgo(PAYLOAD_KEPT_DAYS)}
    `);
    await connection.query(sql.unsafe`
      DELETE FROM deliveries WHERE state <> 'received' AND received_at < ${daysAgo(DELIVERY_KEPT_DAYS)}
    `);
    await connection.query(sql.unsafe`DELETE FROM replies WHERE claimed_at < ${daysAgo(REPLY_KEPT_DAYS)}`);
    await connection.query(sql.unsafe`
      DELETE FROM pull_request_heads WHERE first_seen_at < ${daysAgo(PULL_REQUEST_HEAD_KEPT_DAYS)}
    `);
  });
}

function daysAgo(days: number) {
  return sql.fragment`NOW() - MAKE_INTERVAL(days => ${days})`;
}
