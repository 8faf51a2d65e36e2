import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';

export interface TestTool {
  name: string;
  description?: string;
}

export interface Listening {
  /** `http://127.0.0.1:<port>/mcp` */
  url: string;
  port: number;
  /** Headers of every request, in order. */
  headers: IncomingMessage['headers'][];
  methods: (string | undefined)[];
  close(): Promise<void>;
}

export async function listen(onRequest: RequestListener): Promise<Listening> {
  const headers: IncomingMessage['headers'][] = [];
  const methods: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    methods.push(request.method);
    onRequest(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/mcp`, port, headers, methods, close };
}

/** Pages of tools for `tools/list`: the cursor is the number of the page. */
function page(pages: readonly TestTool[][], cursor: string | undefined) {
  const index = Number(cursor ?? 0);
  const tools = (pages[index % pages.length] ?? []).map((tool) => ({
    ...tool,
    inputSchema: { type: 'object' as const },
  }));
  return { tools, ...(index + 1 < pages.length ? { nextCursor: String(index + 1) } : {}) };
}

/** The official server of revision 2026-07-28, without sessions. */
export async function listenModern(...pages: TestTool[][]): Promise<Listening> {
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'modern', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', (request) => page(pages, request.params?.cursor));
    return server;
  });
  return listen((request, response) => void serveFetch(handler.fetch, request, response));
}

/** The official server of revision 2025-11-25, with a session for each client. */
export async function listenLegacy(...pages: TestTool[][]): Promise<Listening & { sessionsEnded: string[] }> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const sessionsEnded: string[] = [];
  const listening = await listen(async (request, response) => {
    const body = request.method === 'POST' ? await json(request) : undefined;
    const known = transports.get(String(request.headers['mcp-session-id']));
    const transport = known ?? (await openSession());
    await transport.handleRequest(request, response, body);
  });
  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void sessionsEnded.push(id),
    });
    const server = new LegacyServer({ name: 'legacy', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, (message) => page(pages, message.params?.cursor));
    // The transport's optional callbacks are typed without undefined.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return transport;
  }
  return Object.assign(listening, { sessionsEnded });
}

async function serveFetch(
  serve: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const body = chunks.length > 0 ? Buffer.concat(chunks) : null;
  const answer = await serve(
    new Request(`http://${request.headers.host}${request.url}`, { method: request.method ?? 'GET', headers, body }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}
