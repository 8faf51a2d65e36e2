import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { GIT_ENVIRONMENT } from './run-git.ts';

export interface GitRequest {
  /** Directory of the bare repository. */
  dir: string;
  /** The part of the path behind the repository, e.g. `/info/refs`. */
  service: string;
  query: string;
  login: string | null;
}

/**
 * Answers one request of git's smart HTTP protocol by `git http-backend`, a CGI program: headers, an empty line, body.
 * The answer streams out as it comes.
 */
export async function streamGit(request: GitRequest, incoming: IncomingMessage, outgoing: ServerResponse) {
  await runBackend(request, incoming, outgoing, {
    head: (status, headers) => outgoing.writeHead(status, headers),
    write: (chunk) => outgoing.write(chunk),
  });
  outgoing.end();
}

/**
 * The same for a push, whose answer is kept back: who pushed shall not go on before everything that follows from the
 * changed refs is in place.
 * @returns sends the answer
 */
export async function collectGit(
  request: GitRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<() => void> {
  let head: { status: number; headers: Record<string, string> } = { status: 500, headers: {} };
  const chunks: Buffer[] = [];
  await runBackend(request, incoming, outgoing, {
    head: (status, headers) => {
      head = { status, headers };
    },
    write: (chunk) => chunks.push(chunk),
  });
  return () => outgoing.writeHead(head.status, head.headers).end(Buffer.concat(chunks));
}

interface Sink {
  head(status: number, headers: Record<string, string>): void;
  write(chunk: Buffer): void;
}

function runBackend(
  request: GitRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  sink: Sink,
): Promise<void> {
  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(request, incoming) });
  incoming.pipe(child.stdin);
  // A backend that ends early breaks the pipe; its own answer tells why.
  child.stdin.on('error', () => undefined);
  child.stderr.resume();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished && child.exitCode === null) child.kill();
  });
  return new Promise((resolve, reject) => {
    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (!head) {
        sink.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const { status, headers } = parseHead(head.subarray(0, end).toString());
      sink.head(status, headers);
      sink.write(head.subarray(end + 4));
      head = undefined;
    });
    child.on('error', reject);
    child.on('close', () => {
      if (head) sink.head(500, {});
      resolve();
    });
  });
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  let status = 200;
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}

function cgiEnvironment(request: GitRequest, incoming: IncomingMessage): Record<string, string> {
  const header = (name: string): string => String(incoming.headers[name] ?? '');
  return {
    ...GIT_ENVIRONMENT,
    GIT_PROJECT_ROOT: dirname(request.dir),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `${request.dir.slice(dirname(request.dir).length)}${request.service}`,
    QUERY_STRING: request.query,
    REQUEST_METHOD: incoming.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    ...(header('content-length') ? { CONTENT_LENGTH: header('content-length') } : {}),
    ...(header('git-protocol') ? { GIT_PROTOCOL: header('git-protocol') } : {}),
    ...(request.login ? { REMOTE_USER: request.login } : {}),
    REMOTE_ADDR: '127.0.0.1',
  };
}
