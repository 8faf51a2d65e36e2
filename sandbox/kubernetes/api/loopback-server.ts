import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Certificate } from './self-signed-certificate.ts';

/** The first byte of a TLS handshake record. */
const tlsHandshake = 0x16;

export interface LoopbackServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves HTTPS and plain HTTP on one port of 127.0.0.1: kubectl wants TLS before it sends a token, webhooks of the
 * sandbox's GitHub know no certificate of ours.
 * @throws the listen error (`EADDRINUSE`) as it is
 */
export async function startLoopbackServer(options: {
  port: number;
  certificate: Certificate;
  onRequest: RequestListener;
}): Promise<LoopbackServer> {
  const { keyPem, certificatePem } = options.certificate;
  const plain = createHttpServer(options.onRequest);
  const secure = createHttpsServer({ key: keyPem, cert: certificatePem }, options.onRequest);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first === null) return;
      socket.unshift(first);
      (first[0] === tlsHandshake ? secure : plain).emit('connection', socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
