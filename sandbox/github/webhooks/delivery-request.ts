import { createHmac } from 'node:crypto';

/** One request to a webhook's receiver. */
export interface DeliveryRequest {
  url: string;
  guid: string;
  event: string;
  hookId: number;
  target: { type: 'integration' | 'repository'; id: number };
  contentType: 'json' | 'form';
  secret: string | null;
  payload: Record<string, unknown>;
}

export interface DeliveryAnswer {
  statusCode: number;
  status: string;
  headers: Record<string, string>;
  body: string | null;
}

/** GitHub gives up on a receiver after 10 s. */
const DELIVERY_TIMEOUT_MS = 10_000;

/** Of a receiver's answer this much is kept, in characters. */
const ANSWER_CHARACTERS_MAX = 2_000;

/** The headers and the exact body, signed, as GitHub sends them. */
export function renderDelivery(request: DeliveryRequest): { headers: Record<string, string>; body: string } {
  const json = JSON.stringify(request.payload);
  const body = request.contentType === 'form' ? `payload=${encodeURIComponent(json)}` : json;
  const headers: Record<string, string> = {
    accept: '*/*',
    'content-type': request.contentType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
    'user-agent': 'GitHub-Hookshot/sandbox',
    'x-github-delivery': request.guid,
    'x-github-event': request.event,
    'x-github-hook-id': String(request.hookId),
    'x-github-hook-installation-target-id': String(request.target.id),
    'x-github-hook-installation-target-type': request.target.type,
  };
  if (request.secret !== null) {
    headers['x-hub-signature'] = `sha1=${createHmac('sha1', request.secret).update(body).digest('hex')}`;
    headers['x-hub-signature-256'] = `sha256=${createHmac('sha256', request.secret).update(body).digest('hex')}`;
  }
  return { headers, body };
}

/** Sends once; whatever goes wrong is an answer too, never an error. */
export async function sendDelivery(
  url: string,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]);
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: limit });
    const text = await answer.text();
    return {
      statusCode: answer.status,
      status: answer.ok ? 'OK' : `Invalid HTTP Response: ${answer.status}`,
      headers: Object.fromEntries(answer.headers),
      body: text.slice(0, ANSWER_CHARACTERS_MAX),
    };
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
    return { statusCode: 0, status: timedOut ? 'timed out' : 'failed to connect to host', headers: {}, body: null };
  }
}
