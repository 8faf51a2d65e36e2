import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { PlainConnection, type PlainConnectionOptions } from './plain-connection.ts';

/** Stands before `node:http`, which gets what is not plain; the connections that it has not got. */
export class PlainConnections {
  readonly #open = new Set<PlainConnection>();

  constructor(server: Server, options: Omit<PlainConnectionOptions, 'handOver'>) {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const forget = (): void => void this.#open.delete(connection);
      const handOver = (): void => {
        forget();
        for (const listener of listeners) listener.call(server, socket);
      };
      const connection = new PlainConnection(socket, { ...options, handOver });
      this.#open.add(connection);
      socket.once('close', forget);
    });
  }

  /** Each after the answer that it has in hand. */
  end(): void {
    for (const connection of this.#open) connection.end();
  }

  destroy(): void {
    for (const { socket } of this.#open) socket.destroy();
  }
}
