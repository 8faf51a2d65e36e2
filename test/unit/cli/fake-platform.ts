import { createServer, type IncomingMessage } from 'node:http';

export interface Answer {
  status?: number;
  body: unknown;
}

export interface FakeServer {
  url: string;
  /** `METHOD path?query` of every request, in order. */
  requests: string[];
  authorizations: (string | undefined)[];
  /** JSON bodies of those that had one. */
  bodies: unknown[];
  close(): Promise<void>;
}

/** An HTTP server on loopback that answers JSON by `METHOD path`; what it does not know is 404. */
export async function startFakeServer(
  answer: (request: string, body: unknown) => Answer | undefined,
): Promise<FakeServer> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    authorizations.push(request.headers.authorization);
    if (text) bodies.push(JSON.parse(text));
    const { status = 200, body } = answer(line, text ? JSON.parse(text) : undefined) ?? notFound();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    authorizations,
    bodies,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function notFound(): Answer {
  return { status: 404, body: { code: 'server-not-found', detail: 'Cannot find it', hint: 'List them.', status: 404 } };
}
