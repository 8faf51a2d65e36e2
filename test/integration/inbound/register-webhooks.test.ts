import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { createApp } from '../../../src/app.ts';
import { registerWebhooks, WEBHOOK_PATH } from '../../../src/inbound/register-webhooks.ts';
import type { Delivery, DeliveryLog } from '../../../src/ports/stores.ts';
import { silentLog } from '../postgres/silent-log.ts';

const secret = 'a secret of the test';
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

let fastify: FastifyInstance;
let address: string;
let received: Delivery[];
let refused: { id: string; event: string; reason: string }[];

beforeEach(async () => {
  received = [];
  refused = [];
  const deliveryLog: DeliveryLog = {
    async receive(delivery) {
      received.push({ ...delivery, payload: JSON.parse(JSON.stringify(delivery.payload)) });
      return true;
    },
    async refuse(delivery) {
      refused.push(delivery);
    },
    read: async () => undefined,
    markDone: async () => {},
    markFailed: async () => {},
  };
  fastify = Fastify();
  await registerWebhooks(fastify, {
    app: createApp({ deliveryLog, log: silentLog }),
    deliveryLog,
    log: silentLog,
    appId: 1,
    privateKey,
    secret,
    apiUrl: 'http://127.0.0.1:9',
    logLevel: 'silent',
  });
  address = await fastify.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => fastify.close());

function send(body: string, signedBody = body): Promise<Response> {
  const signature = createHmac('sha256', secret).update(signedBody).digest('hex');
  return fetch(`${address}${WEBHOOK_PATH}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': 'd-1',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${signature}`,
    },
  });
}

test('signed webhook is recorded as it was sent', async () => {
  const payload = { ref: 'refs/heads/mäin', nested: [{ deep: [[1]] }] };

  expect((await send(JSON.stringify(payload))).status).toBe(200);

  expect(received).toEqual([{ id: 'd-1', event: 'push', payload }]);
  expect(refused).toEqual([]);
});

const LEVELS = 100_000;

test.each([
  [
    'nested in arrays',
    `{"a":${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}}`,
    'The body is nested deeper than 200 levels.',
  ],
  [
    'nested in objects',
    `${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`,
    'The body is nested deeper than 200 levels.',
  ],
  ['no JSON', '{"a":', 'The body is not JSON.'],
  ['null', 'null', 'The body is not a JSON object.'],
  ['a number', '7', 'The body is not a JSON object.'],
  ['a text', '"ref"', 'The body is not a JSON object.'],
  ['a list', '[{"ref":"x"}]', 'The body is not a JSON object.'],
])('signed webhook that is %s is accepted once, recorded as failed', async (_what, body, reason) => {
  const response = await send(body);

  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ ignored: reason });
  expect(refused).toEqual([{ id: 'd-1', event: 'push', reason }]);
  expect(received).toEqual([]);
});

test.each(['{"a":', 'null', '{}', `{"a":${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}}`])(
  'webhook with the signature of another body is refused and not recorded',
  async (body) => {
    expect((await send(body, 'another')).status).toBe(400);

    expect([...received, ...refused]).toEqual([]);
  },
);
