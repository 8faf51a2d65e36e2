import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { describeApi } from '../../../src/inbound/api/describe-api.ts';

const DOCUMENT = new URL('../../../docs/openapi.json', import.meta.url);

/** `UPDATE_GOLDEN=1` writes the document anew, to be reviewed as text. */
test('docs/openapi.json is what the routes say', async () => {
  const document = await describeApi();

  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(DOCUMENT, `${JSON.stringify(document, null, 2)}\n`);

  expect(JSON.parse(readFileSync(DOCUMENT, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
});

test('the document names the eight endpoints of the design document, secrets, keys, and the probes', async () => {
  const { paths } = (await describeApi()) as { paths: Record<string, Record<string, unknown>> };

  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

  expect(endpoints.sort()).toEqual([
    'DELETE /api/hosting/servers/{serverId}',
    'DELETE /api/hosting/servers/{serverId}/keys/{keyId}',
    'DELETE /api/hosting/servers/{serverId}/secrets/{name}',
    'GET /api/hosting/servers',
    'GET /api/hosting/servers/{serverId}',
    'GET /api/hosting/servers/{serverId}/keys',
    'GET /api/hosting/servers/{serverId}/logs',
    'GET /api/hosting/servers/{serverId}/secrets',
    'GET /api/hosting/servers/{serverId}/status',
    'GET /health',
    'GET /ready',
    'POST /api/hosting/deploy/{conversationId}',
    'POST /api/hosting/servers/{serverId}/keys',
    'POST /api/hosting/servers/{serverId}/start',
    'POST /api/hosting/servers/{serverId}/stop',
    'PUT /api/hosting/servers/{serverId}/secrets',
  ]);
});
