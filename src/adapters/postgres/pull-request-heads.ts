import { sql } from 'slonik';
import { z } from 'zod';
import type { PullRequestHeads } from '../../ports/stores.ts';
import type { Database } from './database.ts';

export function createPullRequestHeads(database: Database): PullRequestHeads {
  return {
    async saw(repositoryId, pullRequest, headSha, at) {
      // Deliveries come in any order: the earliest time wins.
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO pull_request_heads (repository_id, pull_request, head_sha, first_seen_at)
          VALUES (${repositoryId}, ${pullRequest}, ${headSha}, ${at.toISOString()}::timestamptz)
          ON CONFLICT (repository_id, pull_request, head_sha) DO UPDATE
          SET first_seen_at = LEAST(pull_request_heads.first_seen_at, excluded.first_seen_at)
        `),
      );
    },

    async firstSeen(repositoryId, pullRequest, headSha) {
      const at = await database.run((connection) =>
        connection.maybeOneFirst(sql.type(z.object({ first_seen_at: z.date() }))`
          SELECT first_seen_at FROM pull_request_heads
          WHERE repository_id = ${repositoryId} AND pull_request = ${pullRequest} AND head_sha = ${headSha}
        `),
      );
      return at ?? undefined;
    },

    async pullRequestsAt(repositoryId, headSha) {
      const numbers = await database.run((connection) =>
        connection.anyFirst(sql.type(z.object({ pull_request: z.number() }))`
          SELECT pull_request FROM pull_request_heads
          WHERE repository_id = ${repositoryId} AND head_sha = ${headSha}
          ORDER BY first_seen_at DESC LIMIT 10
        `),
      );
      return [...numbers];
    },
  };
}
