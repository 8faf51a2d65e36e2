import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiTokens } from '../../ports/stores.ts';
import { createProblem, sendProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the API token that the request came with. */
    tokenName: string;
  }
}

/** Longer credentials are not ours and not hashed. */
const CREDENTIAL_CHARACTERS_MAX = 200;

/** Lets a request pass that has a valid bearer token (RFC 6750), and answers 401 to others. */
export function authenticate(tokens: Pick<ApiTokens, 'verify'>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const header = request.headers.authorization;
    if (header === undefined) return refuse(reply, { challenge: '', detail: 'there is no bearer token' });
    const token = parseBearer(header);
    const name = token === undefined ? undefined : await tokens.verify(token);
    if (name === undefined) {
      return refuse(reply, { challenge: ', error="invalid_token"', detail: 'the bearer token is not known' });
    }
    request.tokenName = name;
    return undefined;
  };
}

function parseBearer(header: string): string | undefined {
  if (header.length > CREDENTIAL_CHARACTERS_MAX) return undefined;
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
}

function refuse(reply: FastifyReply, { challenge, detail }: { challenge: string; detail: string }): FastifyReply {
  reply.header('www-authenticate', `Bearer realm="mcp-hosting"${challenge}`);
  return sendProblem(
    reply,
    createProblem({
      code: 'unauthorized',
      status: 401,
      detail: `Cannot answer: ${detail}, expected "Authorization: Bearer mcph_…"`,
      hint: 'Send an API token of this installation; its operator makes them.',
    }),
  );
}
