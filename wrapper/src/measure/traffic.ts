import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface Bytes {
  in: number;
  out: number;
}

/** Bytes of a server's connections, of HTTP and WebSockets alike. Read from the sockets, so that a request costs nothing. */
export class Traffic {
  readonly #open = new Set<Socket>();
  #closed: Bytes = { in: 0, out: 0 };

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#closed = add(this.#closed, socket);
      });
    });
  }

  get bytes(): Bytes {
    let total = this.#closed;
    for (const socket of this.#open) total = add(total, socket);
    return total;
  }
}

function add(bytes: Bytes, { bytesRead, bytesWritten }: Socket): Bytes {
  return { in: bytes.in + bytesRead, out: bytes.out + bytesWritten };
}
