import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message } from './connect-process.ts';

interface Seen {
  method: string;
  headers: IncomingMessage['headers'];
  message: Message | undefined;
  /** The body as it came. */
  text: string;
}

export interface ScriptedRemote {
  port: number;
  url: string;
  seen: Seen[];
  /** Resolves with the first request that fits, which may have come already. */
  sees(fits: (seen: Seen) => boolean): Promise<Seen>;
}

/** Says what to do with a request; false leaves it to the usual answers. */
export type Script = (seen: Seen, res: ServerResponse) => boolean | undefined;

const servers = new Set<Server>();

/** A remote MCP server that does what the test wants, and answers `initialize`, notifications and pings by itself. */
export async function startRemote(
  script: Script = () => false,
  options: { isModern?: boolean; port?: number } = {},
): Promise<ScriptedRemote> {
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((req, res) => {
    void readText(req).then((text) => {
      const message = text === '' ? undefined : (JSON.parse(text) as Message);
      const one: Seen = { method: req.method ?? '', headers: req.headers, message, text };
      // The question for the era is another test's; the usual remote is of the former one.
      if (message?.method === 'server/discover' && !options.isModern) return refuseMethod(one, res);
      seen.push(one);
      for (const check of [...waiting]) check();
      if (script(one, res) !== true) answerAsUsual(one, res);
      // A client that goes while it sends.
    }, noRequest);
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sees: ScriptedRemote['sees'] = (fits) =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = seen.find(fits);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { port, url: `http://127.0.0.1:${port}/mcp`, seen, sees };
}

export async function stopRemotes(): Promise<void> {
  for (const server of servers) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  servers.clear();
}

export function sendJson(res: ServerResponse, body: unknown, { status = 200, headers = {} } = {}): true {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  return true;
}

/** Starts an event stream and leaves it open. */
export function openEvents(res: ServerResponse): true {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.flushHeaders();
  return true;
}

function refuseMethod({ message }: Seen, res: ServerResponse): void {
  const error = { code: -32601, message: 'Method not found' };
  sendJson(res, { jsonrpc: '2.0', id: message?.id, error }, { status: 400 });
}

function answerAsUsual({ method, message }: Seen, res: ServerResponse): void {
  if (method === 'GET') {
    res.writeHead(405).end();
  } else if (method === 'DELETE' || message?.id === undefined) {
    res.writeHead(202).end();
  } else if (message.method === 'initialize') {
    const result = { protocolVersion: '2025-06-18', capabilities: { tools: { listChanged: true } }, serverInfo: {} };
    sendJson(res, { jsonrpc: '2.0', id: message.id, result }, { headers: { 'mcp-session-id': 'session-1' } });
  } else {
    sendJson(res, { jsonrpc: '2.0', id: message.id, result: { method: message.method } });
  }
}

function noRequest(): void {}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
