import { sql } from 'slonik';
import { z } from 'zod';
import type { RepositoryName } from '../../domain/repository.ts';
import type { Conversations } from '../../ports/stores.ts';
import type { Database } from './database.ts';
import { isUuid } from './uuid.ts';

const conversationRow = z.object({ repository_owner: z.string(), repository_name: z.string() });

export function createConversations(database: Database): Conversations {
  async function find(id: string): Promise<{ repository: RepositoryName } | undefined> {
    if (!isUuid(id)) return undefined;
    const row = await database.run((connection) =>
      connection.maybeOne(sql.type(conversationRow)`
        SELECT repository_owner, repository_name FROM conversations WHERE id = ${id}
      `),
    );
    return row ? { repository: { owner: row.repository_owner, name: row.repository_name } } : undefined;
  }

  return {
    find,
    async ensure(id, repository) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          INSERT INTO conversations (id, repository_owner, repository_name)
          VALUES (${id}, ${repository.owner}, ${repository.name})
          ON CONFLICT (id) DO NOTHING
        `),
      );
      const conversation = await find(id);
      if (!conversation) throw new Error(`Cannot read the conversation ${id} after it was stored: it is gone`);
      return conversation;
    },
  };
}
