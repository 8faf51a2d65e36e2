import { createServer } from 'node:net';
import { UserError } from '../src/domain/user-error.ts';

/** @throws UserError naming the first port that another process holds */
export async function checkPorts(ports: Readonly<Record<string, number>>): Promise<void> {
  for (const port of Object.values(ports)) {
    if (!(await isFree(port))) {
      throw new UserError(
        'sandbox-port-in-use',
        `Cannot start the sandbox: port ${port} is in use by another process, expected it free`,
        'Choose others with --port.',
      );
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
