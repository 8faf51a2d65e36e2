/**
 * The fastest remote there can be, so that what is measured is the proxy before it: a legacy server over `node:http` that
 * checks nothing. Run as `node plain-mcp-server.ts PORT`.
 */
import { createServer, type ServerResponse } from 'node:http';

interface Message {
  id?: string | number;
  method?: string;
  params?: { protocolVersion?: string; arguments?: { message?: string } };
}

const TOOLS = [
  {
    name: 'echo',
    description: 'Says what it was told',
    inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  },
];

const [port] = process.argv.slice(2);

createServer((req, res) => {
  // No stream for what a server says unasked (2025-11-25, transports).
  if (req.method !== 'POST') return res.writeHead(req.method === 'DELETE' ? 204 : 405).end();
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => answer(JSON.parse(Buffer.concat(chunks).toString()) as Message, res));
  return undefined;
}).listen(Number(port), '127.0.0.1');

function answer({ id, method, params }: Message, res: ServerResponse): void {
  if (id === undefined) {
    res.writeHead(202).end();
    return;
  }
  const text = JSON.stringify({ jsonrpc: '2.0', id, ...bodyOf(method, params) });
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

function bodyOf(method: string | undefined, params: Message['params']): { result: object } | { error: object } {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'plain', version: '1' },
        },
      };
    case 'tools/list':
      return { result: { tools: TOOLS } };
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: `Echo: ${params?.arguments?.message}` }] } };
    default:
      return { error: { code: -32601, message: 'Method not found' } };
  }
}
