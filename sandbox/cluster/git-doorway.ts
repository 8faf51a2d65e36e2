import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../src/domain/user-error.ts';

export interface GitDoorway {
  url: string;
  close(): Promise<void>;
}

/** What a clone asks for ("Smart HTTP", git's http-protocol documentation). */
const CLONE = /^\/[\w.-]+\/[\w.-]+\.git\/(?:info\/refs\?service=git-upload-pack|git-upload-pack)$/;

/**
 * Lets pods clone from the sandbox's GitHub, which listens on loopback alone. Nothing but reading by git comes through:
 * no API, no push, no token.
 * @throws UserError `cluster-advertise` where the address cannot be listened on
 */
export async function openGitDoorway(options: {
  address: string;
  /** What pods are told. */
  host: string;
  port: number;
  /** Base of the repositories on loopback. */
  gitUrl: string;
}): Promise<GitDoorway> {
  const { address, host, port, gitUrl } = options;
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    if (CLONE.test(path)) forward(incoming, response, `${gitUrl.replace(/\/$/, '')}${path}`);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Only reading by git is possible here.\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(address, port, error)));
    server.listen(port, address, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function forward(incoming: IncomingMessage, response: ServerResponse, url: string): void {
  const { authorization: _, host: __, ...headers } = incoming.headers;
  const outgoing = request(url, { method: incoming.method ?? 'GET', headers });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function listenError(address: string, port: number, error: Error): UserError {
  return new UserError(
    'cluster-advertise',
    `Cannot let Argo CD clone from this machine: ${address}:${port} cannot be listened on (${error.message})`,
    'Choose another address with --advertise, or other ports with --port.',
    { cause: error },
  );
}
