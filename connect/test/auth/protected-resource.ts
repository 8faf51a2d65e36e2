import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthorizationServer } from './authorization-server.ts';

export interface ProtectedResource {
  url: URL;
  /** Scopes a request needs; a change is a step-up for those that have a token. */
  needed: string[];
  authorizationServers: string[];
  close(): Promise<void>;
}

export interface ProtectedResourceOptions {
  server: AuthorizationServer;
  /** The `resource` it publishes, when it is not the endpoint's URL. */
  resource?: (origin: string) => string;
  /** Whether a challenge names its metadata and scopes; else they are found at the well-known place. */
  isTalkative?: boolean;
}

/** An MCP endpoint that takes the server's tokens, if they are for it (RFC 9728, RFC 8707). */
export async function startProtectedResource(options: ProtectedResourceOptions): Promise<ProtectedResource> {
  const { server: authorizationServer, isTalkative = true } = options;
  const http = createServer((req, res) => void handle(req, res));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const resource = options.resource?.(origin) ?? `${origin}/mcp`;
  const state: ProtectedResource = {
    url: new URL('/mcp', origin),
    needed: ['mcp:read'],
    authorizationServers: [authorizationServer.issuer],
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    req.resume();
    if (req.url === '/.well-known/oauth-protected-resource/mcp') {
      const { authorizationServers } = state;
      return answer(res, 200, {
        resource,
        authorization_servers: authorizationServers,
        scopes_supported: ['mcp:read'],
      });
    }
    if (req.url !== '/mcp') return answer(res, 404, {});
    const token = await findToken(req);
    if (!token) return challenge(res, 401, 'invalid_token');
    const granted = new Set(token.scope?.split(' '));
    if (!state.needed.every((scope) => granted.has(scope))) return challenge(res, 403, 'insufficient_scope');
    answer(res, 200, { scope: token.scope });
  }

  async function findToken(req: IncomingMessage) {
    const value = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    const token = value === undefined ? undefined : await authorizationServer.provider.AccessToken.find(value);
    return token && !token.isExpired && token.aud === resource ? token : undefined;
  }

  function challenge(res: ServerResponse, status: number, error: string): void {
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    const details = `error="${error}", scope="${state.needed.join(' ')}", resource_metadata="${metadata}"`;
    res.setHeader('www-authenticate', isTalkative ? `Bearer ${details}` : 'Bearer');
    answer(res, status, { error });
  }
  return state;
}

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
