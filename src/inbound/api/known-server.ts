import { isServerId } from '../../domain/server-id.ts';
import { UserError } from '../../domain/user-error.ts';

export const serverParamsSchema = {
  type: 'object',
  required: ['serverId'],
  properties: { serverId: { type: 'string', description: 'For instance stripe-k3v9x2' } },
} as const;

export interface ServerParams {
  serverId: string;
}

/**
 * What the service says of the server. Text that cannot be a server id is not looked up.
 * @throws UserError('server-not-found')
 */
export async function ofKnownServer<T>(serverId: string, find: () => Promise<T | undefined>): Promise<T> {
  const found = isServerId(serverId) ? await find() : undefined;
  if (found !== undefined) return found;
  throw new UserError(
    'server-not-found',
    `Cannot find the server "${serverId}": there is none with this id, expected the id of a hosted server`,
    'List the servers with GET /api/hosting/servers, or "mcp-hosting list".',
  );
}
