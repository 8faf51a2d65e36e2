import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createCredentials, type PreRegisteredClient } from '../../src/auth/credentials.ts';
import { createTestMachine } from './test-machine.ts';

/**
 * The client that the conformance suite starts for its sign-in scenarios: the SDK's transport with this package's
 * credentials, and a browser in which everything is consented to.
 */
const url = new URL(process.argv.at(-1) ?? '');
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const isModern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28';
const machine = await createTestMachine();

const credentials = createCredentials({
  endpoint: { url, key: undefined, name: url.host },
  signIn: machine.settings({
    clientMetadataUrl: 'https://conformance-test.local/client-metadata.json',
    client: preRegistered(),
  }),
});

function preRegistered(): PreRegisteredClient | undefined {
  const { client_id, client_secret, private_key_pem, signing_algorithm } = context;
  if (client_id === undefined) return undefined;
  return {
    id: client_id,
    ...(client_secret !== undefined && { secret: client_secret }),
    ...(private_key_pem !== undefined && { privateKeyPem: private_key_pem, algorithm: signing_algorithm ?? 'ES256' }),
    ...(String(context.name).startsWith('auth/client-credentials') && { grant: 'client_credentials' as const }),
  };
}

/** As the bridge does it. */
async function fetchWithCredentials(target: string | URL, init?: RequestInit): Promise<Response> {
  for (;;) {
    const sent = await credentials.authorization();
    const headers = new Headers(init?.headers);
    if (sent !== undefined) headers.set('authorization', sent);
    const res = await fetch(target, { ...init, headers });
    const { status } = res;
    if (status !== 401 && status !== 403) return res;
    const wwwAuthenticate = res.headers.get('www-authenticate') ?? undefined;
    const signal = new AbortController().signal;
    if (!(await credentials.renew({ status, wwwAuthenticate, sent }, signal))) return res;
    await res.body?.cancel();
  }
}

const client = new Client(
  { name: 'mcp-connect', version: '0.0.0' },
  { versionNegotiation: { mode: isModern ? { pin: '2026-07-28' } : 'legacy' } },
);
try {
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: fetchWithCredentials }));
  const { tools } = await client.listTools();
  if (tools[0]) await client.callTool({ name: tools[0].name, arguments: {} });
  await client.close();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await machine.remove();
}
