import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface RawServer {
  url: URL;
  /** Connections so far. */
  connections: () => number;
  /** What was sent, request by request. */
  requests: string[];
}

const servers = new Map<Server, Set<Socket>>();

/** A server that answers each request, told by the empty line after its head and its length, with bytes. */
export async function startRawServer(
  answer: (request: string, socket: Socket, count: number) => void,
  { host = '127.0.0.1' } = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const end = text.indexOf('\r\n\r\n') + 4;
      if (end < 4 || text.length < end + length) return;
      requests.push(text);
      text = '';
      answer(requests.at(-1) ?? '', socket, requests.length);
    });
  });
  servers.set(server, sockets);
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: new URL(`http://${name}:${port}/mcp?a=b`), connections: () => connections, requests };
}

export async function stopRawServers(): Promise<void> {
  for (const [server, sockets] of servers) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
  servers.clear();
}

/** Writes byte by byte, each by itself on the way. */
export async function dribble(socket: Socket, text: string): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of Buffer.from(text)) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
