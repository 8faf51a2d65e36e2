/** An MCP server of a few lines over stdio: one tool, `echo`. */
export const TINY_SERVER = `#!/usr/bin/env node
import { createInterface } from 'node:readline';
const reply = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize') {
    reply(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tiny', version: '1.0.0' } });
  } else if (method === 'tools/list') {
    reply(id, { tools: [{ name: 'echo', description: 'Says it again.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } }] });
  } else if (method === 'tools/call') {
    reply(id, { content: [{ type: 'text', text: String(params.arguments?.text) }] });
  } else if (method === 'ping') reply(id, {});
  else process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }) + '\\n');
}).on('close', () => process.exit(0));
`;
