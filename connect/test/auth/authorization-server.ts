import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

dropNotices();

export interface AuthorizationServer {
  issuer: string;
  provider: Provider;
  /** Requests so far by path, such as `/token`. */
  count(path: string): number;
  close(): Promise<void>;
}

export interface AuthorizationServerOptions {
  /** Changes the metadata on its way out. */
  mangleMetadata?: (metadata: Record<string, unknown>) => void;
  clients?: object[];
  features?: object;
  scopes?: string[];
  hasRegistration?: boolean;
}

/** A real authorization server (oidc-provider) on loopback: rotating refresh tokens, PKCE, resource indicators. */
export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createProvider(issuer, options);
  const counts = new Map<string, number>();
  provider.use(async (ctx, next) => {
    counts.set(ctx.path, (counts.get(ctx.path) ?? 0) + 1);
    await next();
    if (ctx.path.startsWith('/.well-known/')) options.mangleMetadata?.(ctx.body);
  });
  server.on('request', provider.callback());
  return {
    issuer,
    provider,
    count: (path) => counts.get(path) ?? 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function createProvider(issuer: string, options: AuthorizationServerOptions): Provider {
  const { clients = [], features = {}, scopes = ['openid', 'offline_access'], hasRegistration = true } = options;
  return new Provider(issuer, {
    clients,
    scopes,
    cookies: { keys: ['a key of the tests'] },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx: unknown, client: { grantTypeAllowed(grant: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    features: {
      registration: { enabled: hasRegistration },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: 'mcp:read mcp:write',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
        useGrantedResource: () => true,
      },
      ...features,
    },
  });
}

/** oidc-provider's own are about use outside of tests. */
function dropNotices(): void {
  for (const level of ['warn', 'info'] as const) {
    const write = console[level];
    console[level] = (...parts: unknown[]) => {
      if (!String(parts[0]).includes('oidc-provider ')) write(...parts);
    };
  }
}
