import { type AddressInfo, createServer } from 'node:net';

/** @returns a port of 127.0.0.1 that is free now; whoever loses a race for it starts again with another */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
