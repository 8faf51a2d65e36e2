import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { CONNECT_MAIN } from '../connect-process.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

/**
 * The client that the conformance suite starts for its sign-in scenarios: the SDK's client over stdio, mcp-connect
 * between it and the scenario, and a browser in which everything is consented to.
 */
const url = process.argv.at(-1) ?? '';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const isModern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28';

/** What a person who has registered a client by hand sets. */
async function preRegistered(machine: TestMachine): Promise<Record<string, string>> {
  const { client_id, client_secret, private_key_pem } = context;
  if (client_id === undefined) return {};
  const keyPath = join(machine.directory, 'key.pem');
  if (private_key_pem !== undefined) await writeFile(keyPath, private_key_pem);
  return {
    MCP_CONNECT_OAUTH_CLIENT_ID: client_id,
    ...(client_secret !== undefined && { MCP_CONNECT_OAUTH_CLIENT_SECRET: client_secret }),
    ...(private_key_pem !== undefined && { MCP_CONNECT_OAUTH_KEY_FILE: keyPath }),
    ...(String(context.name).startsWith('auth/client-credentials') && {
      MCP_CONNECT_OAUTH_GRANT: 'client_credentials',
    }),
  };
}

const machine = await createTestMachine();
const client = new Client(
  { name: 'conformance-client', version: '0.0.0' },
  { versionNegotiation: { mode: isModern ? { pin: '2026-07-28' } : 'legacy' } },
);
try {
  const env = {
    ...machine.env,
    MCP_CONNECT_STATE: machine.stateDirectory,
    MCP_CONNECT_CACHE_DIR: 'none',
    MCP_CONNECT_CLIENT_METADATA_URL: 'https://conformance-test.local/client-metadata.json',
    ...(await preRegistered(machine)),
  };
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [CONNECT_MAIN, url], env, stderr: 'inherit' }),
  );
  const { tools } = await client.listTools();
  if (tools[0]) await client.callTool({ name: tools[0].name, arguments: {} });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await client.close();
  await machine.remove();
}
