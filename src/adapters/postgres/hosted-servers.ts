import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { HostedServer } from '../../domain/hosted-server.ts';
import type { HostedServers } from '../../ports/stores.ts';
import { changeHostedServer } from './change-hosted-server.ts';
import { createHostedServer, isLivingSourceTaken } from './create-hosted-server.ts';
import type { Database } from './database.ts';
import { hostedServerRow, selectHostedServer, toHostedServer } from './hosted-server-row.ts';
import { storableText } from './storable.ts';

const claimRow = z.object({ server_id: z.string(), domain: z.string() });

export function createHostedServers(database: Database): HostedServers {
  async function find(conditions: FragmentSqlToken): Promise<HostedServer[]> {
    const rows = await database.run((connection) =>
      connection.any(sql.type(hostedServerRow)`${selectHostedServer} ${conditions}`),
    );
    return rows.map(toHostedServer);
  }

  async function findBySource(repositoryId: number, pullRequest: number | null): Promise<HostedServer | undefined> {
    const [server] = await find(sql.fragment`
      WHERE s.living AND s.repository_id = ${repositoryId} AND COALESCE(s.pull_request, 0) = ${pullRequest ?? 0}
    `);
    return server;
  }

  async function findByServerId(serverId: string): Promise<HostedServer | undefined> {
    const [server] = await find(sql.fragment`WHERE h.server_id = ${storableText(serverId)}`);
    return server;
  }

  return {
    async create(server) {
      try {
        await database.transaction((transaction) => createHostedServer(transaction, server));
      } catch (error) {
        if (!isLivingSourceTaken(error)) throw error;
      }
      const created = await findBySource(server.source.repositoryId, server.source.pullRequest ?? null);
      if (!created) throw new Error(`Cannot read the server "${server.serverId}" after it was stored: it is gone`);
      return created;
    },
    findByServerId,
    findBySource,
    listBySource: (repositoryId) =>
      find(sql.fragment`WHERE s.living AND s.repository_id = ${repositoryId} ORDER BY h.created_at DESC, h.server_id`),
    async claimedDomains() {
      const rows = await database.run((connection) =>
        connection.any(sql.type(claimRow)`
          SELECT h.server_id, domain
          FROM hosted_servers h
          JOIN server_sources s ON s.hosted_server_id = h.id,
          JSONB_ARRAY_ELEMENTS_TEXT(COALESCE(s.deployed #> '{config,domains}', '[]')) AS domain
          WHERE s.living
          UNION
          SELECT r.server_id, domain
          FROM rollouts r, JSONB_ARRAY_ELEMENTS_TEXT(COALESCE(r.state #> '{config,domains}', '[]')) AS domain
          WHERE NOT r.settled AND r.kind = 'deploy' AND r.stage NOT IN ('failed', 'cancelled')
            AND NOT (r.state -> 'source' ? 'pullRequest')
        `),
      );
      return rows.map(({ server_id: serverId, domain }) => ({ serverId, domain }));
    },
    retire: (serverId, message) =>
      database.transaction(async (transaction) => {
        const id = await transaction.maybeOneFirst(sql.type(z.object({ id: z.string() }))`
          SELECT h.id FROM hosted_servers h
          WHERE h.server_id = ${storableText(serverId)} AND h.status <> 'deleted'
            AND NOT EXISTS (SELECT 1 FROM rollouts r WHERE r.hosted_server_id = h.id AND NOT r.settled)
          FOR UPDATE
        `);
        if (id === null) return false;
        await changeHostedServer(transaction, id, { status: 'deleted', statusMessage: message });
        return true;
      }),
    list: ({ status, includeDeleted, limit, offset }) =>
      find(sql.fragment`
        WHERE ${status === undefined ? sql.fragment`TRUE` : sql.fragment`h.status = ${status}`}
          AND ${includeDeleted || status === 'deleted' ? sql.fragment`TRUE` : sql.fragment`h.status <> 'deleted'`}
        ORDER BY h.created_at DESC, h.server_id
        LIMIT ${limit} OFFSET ${offset}
      `),
    async changeEnvVars(id, { add = [], remove = [] }) {
      await database.run((connection) =>
        connection.query(sql.unsafe`
          UPDATE hosted_servers SET updated_at = NOW(), env_vars = (
            SELECT COALESCE(jsonb_agg(name ORDER BY name), '[]') FROM (
              SELECT jsonb_array_elements_text(COALESCE(env_vars, '[]') || ${JSON.stringify(add)}::jsonb) AS name
              EXCEPT SELECT jsonb_array_elements_text(${JSON.stringify(remove)}::jsonb)
            ) AS names
          ) WHERE id = ${id}
        `),
      );
    },
  };
}
