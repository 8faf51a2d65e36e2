import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';

interface PodPort {
  namespace: string;
  pod: string;
  port: number;
}

export interface PodForwarders {
  /** @returns a port on 127.0.0.1 whose connections go to the pod */
  portOf(target: PodPort): Promise<number>;
  close(): Promise<void>;
}

/** Pods come and go with every deployment; the ports of those that went are given up beyond so many. */
const FORWARDERS_MAX = 200;

/** One listener on loopback for each port of a pod that is asked for; each connection is one port-forward. */
export function createPodForwarders(config: KubeConfig): PodForwarders {
  const forward = new PortForward(config);
  const servers = new Map<string, Promise<Server>>();
  const sockets = new Set<Socket>();

  async function listen({ namespace, pod, port }: PodPort): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      connect(forward, { namespace, pod, port }, socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  return {
    async portOf(target) {
      const key = `${target.namespace}/${target.pod}:${target.port}`;
      const known = servers.get(key) ?? listen(target);
      servers.delete(key);
      servers.set(key, known);
      const [oldest] = servers;
      if (servers.size > FORWARDERS_MAX && oldest) {
        servers.delete(oldest[0]);
        (await oldest[1]).close();
      }
      return ((await known).address() as AddressInfo).port;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([...servers.values()].map(closeServer));
    },
  };
}

async function closeServer(server: Promise<Server>): Promise<void> {
  const listening = await server;
  await new Promise((resolve) => listening.close(resolve));
}

/** What the kubelet says of a failure (the pod refuses, or is gone) ends the connection, which the gateway reports. */
function connect(forward: PortForward, { namespace, pod, port }: PodPort, socket: Socket): void {
  const errors = new Writable({
    // Its opening comes as an empty chunk.
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) socket.destroy();
      done();
    },
  });
  forward
    .portForward(namespace, pod, [port], socket, errors, socket)
    .then((opened) => {
      const webSocket = typeof opened === 'function' ? opened() : opened;
      if (!webSocket) return socket.destroy();
      webSocket.addEventListener('close', () => socket.end());
      webSocket.addEventListener('error', () => socket.destroy());
      socket.on('close', () => webSocket.close());
    })
    .catch(() => socket.destroy());
}
