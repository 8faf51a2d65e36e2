import { createHash, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiRequest } from './hosting-service.ts';

const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

export const idempotencyHeadersSchema = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      minLength: 1,
      maxLength: IDEMPOTENCY_KEY_CHARACTERS_MAX,
      description: 'A repeat with the same key does nothing more and gives the same answer',
    },
  },
} as const;

/**
 * Who asks, and the request's id. With an `Idempotency-Key` the id is made from it and all that the request says, so
 * that keys of other tokens and of other requests never meet.
 */
export function readApiRequest(request: FastifyRequest): ApiRequest {
  const key = request.headers['idempotency-key'];
  return { requestId: key ? uuidOf(request, String(key)) : randomUUID(), requestedBy: request.tokenName };
}

/** A UUID of version 8: custom, here of SHA-256 (RFC 9562, section 5.8). */
function uuidOf(request: FastifyRequest, key: string): string {
  const said = [request.tokenName, request.method, request.url, request.body ?? null, key];
  const hex = createHash('sha256').update(JSON.stringify(said)).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
