import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GitHubError } from '../github-error.ts';
import { rateLimit } from '../rest/meta.ts';
import type { RestAnswer } from '../rest/route.ts';

/** Writes an answer with GitHub's headers; a GET whose ETag the caller has already is a 304. */
export function sendAnswer(incoming: IncomingMessage, outgoing: ServerResponse, answer: RestAnswer): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  const body = answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body));
  const { limit, used, remaining, reset } = rateLimit();
  const headers: Record<string, string> = {
    'x-github-request-id': randomUUID(),
    'x-github-media-type': 'github.v3; format=json',
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-used': String(used),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': 'core',
    ...answer.headers,
  };
  if (body === undefined) {
    outgoing.writeHead(answer.status, headers).end();
    return;
  }
  const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
  if (incoming.method === 'GET' && answer.status === 200) {
    headers.etag = etag;
    if (incoming.headers['if-none-match'] === etag) {
      outgoing.writeHead(304, headers).end();
      return;
    }
  }
  headers['content-type'] ??=
    answer.text === undefined ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8';
  outgoing.writeHead(answer.status, { ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body);
}

/** GitHub's error body. */
export function errorAnswer(error: GitHubError): RestAnswer {
  return {
    status: error.status,
    body: {
      message: error.errors.length > 0 ? 'Validation Failed' : error.message,
      ...(error.errors.length > 0 ? { errors: error.errors } : {}),
      documentation_url: 'https://docs.github.com/rest',
      status: String(error.status),
    },
  };
}
