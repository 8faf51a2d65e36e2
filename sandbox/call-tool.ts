import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const CONNECT = fileURLToPath(new URL('../connect/bin/mcp-connect.js', import.meta.url));
const CALL_TIMEOUT_MS = 30_000;

/** Calls one tool of a hosted server the way a local client does: through `mcp-connect` as a child process. */
export async function callTool(options: {
  serverId: string;
  endpointUrl: string;
  key: string | null;
  tool: string;
  arguments: Record<string, unknown>;
}): Promise<{ tools: string[]; result: unknown }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CONNECT, options.serverId],
    env: {
      PATH: process.env.PATH ?? '',
      MCP_CONNECT_URL: options.endpointUrl,
      ...(options.key ? { MCP_CONNECT_KEY: options.key } : {}),
    },
  });
  const client = new Client({ name: 'mcp-hosting-sandbox', version: '0.1.0' });
  await client.connect(transport, { timeout: CALL_TIMEOUT_MS });
  try {
    const { tools } = await client.listTools(undefined, { timeout: CALL_TIMEOUT_MS });
    const result = await client.callTool(
      { name: options.tool, arguments: options.arguments },
      { timeout: CALL_TIMEOUT_MS },
    );
    return { tools: tools.map(({ name }) => name), result };
  } finally {
    await client.close();
  }
}
