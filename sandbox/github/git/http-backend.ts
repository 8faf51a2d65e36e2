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
 * Resolves when the answer is complete, which for a push is after the refs have changed.
 */
export function serveGit(request: GitRequest, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(request, incoming) });
  incoming.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  child.stderr.resume();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished && child.exitCode === null) child.kill();
  });
  return new Promise((resolve, reject) => {
    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (!head) {
        outgoing.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      writeHead(outgoing, head.subarray(0, end).toString());
      outgoing.write(head.subarray(end + 4));
      head = undefined;
    });
    child.on('error', reject);
    child.on('close', () => {
      if (head) outgoing.writeHead(500);
      outgoing.end();
      resolve();
    });
  });
}

function writeHead(outgoing: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else outgoing.setHeader(name, value);
  }
  outgoing.writeHead(status);
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
