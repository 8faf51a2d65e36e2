import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Fault } from './fault-proxy.ts';
import { NAMESPACE, useHosting } from './hosting-under-test.ts';

const openHosting = useHosting({ beforeAll, afterAll });

/** A value that occurs nowhere else, in the forms in which it could be found. */
function newCanary(): { value: string; forms: string[] } {
  const value = `canary ${randomBytes(24).toString('hex')}`;
  const forms = [
    value,
    value.slice(7),
    value.slice(12, 30),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64').slice(12, 40),
    Buffer.from(value).toString('hex'),
    encodeURIComponent(value),
  ];
  return { value, forms };
}

const isSecret = (method: string, path: string) => method !== 'GET' && path.includes('/secrets');
const isAnySecret = (_method: string, path: string) => path.includes('/secrets');
const isDeployment = (_method: string, path: string) => path.includes('/deployments/');

test.each<[string, Fault | undefined, number]>([
  ['goes well', undefined, 200],
  ['is refused as invalid', { matches: isSecret, status: 422, when: 'before' }, 500],
  ['is refused as malformed', { matches: isSecret, status: 400, when: 'before' }, 500],
  ['is denied', { matches: isSecret, status: 403, when: 'before' }, 409],
  ['conflicts for ever', { matches: isSecret, status: 409, when: 'before' }, 503],
  ['finds no namespace', { matches: isAnySecret, status: 404, when: 'before' }, 409],
  ['is too large for the API server', { matches: isSecret, status: 413, when: 'before' }, 500],
  ['meets an outage', { matches: isSecret, status: 500, when: 'before' }, 503],
  ['is written and not answered', { matches: isSecret, status: 502, when: 'after' }, 503],
  ['meets too many requests', { matches: isSecret, status: 429, when: 'before' }, 503],
  ['cannot be read back', { matches: isAnySecret, status: 503, when: 'after' }, 503],
  ['cannot restart the pods', { matches: isDeployment, status: 422, when: 'before' }, 500],
])('a value whose write %s is in no answer, log line, error or table', async (_, fault, status) => {
  const { call, addServer, proxy, logged, dump, core } = await openHosting();
  const serverId = `red-${randomBytes(3).toString('hex')}`;
  await addServer(serverId, { env: ['TOKEN'] });
  const canary = newCanary();
  const existing = await call('PUT', `/servers/${serverId}/secrets`, { OTHER: newCanary().value });
  if (fault) proxy.faults.push(fault);

  const answers = [
    await call('PUT', `/servers/${serverId}/secrets`, { TOKEN: canary.value }),
    await call('PUT', `/servers/${serverId}/secrets`, { TOKEN: `${canary.value} ${'x'.repeat(200_000)}` }),
    await call('PUT', `/servers/${serverId}/secrets`, { 'not a name': canary.value }),
    await call('PUT', `/servers/${serverId}/secrets`, { TOKEN: [canary.value] }),
    await call('PUT', `/servers/${serverId}/secrets`, `{"TOKEN": "${canary.value}"`),
    await call('GET', `/servers/${serverId}/secrets`),
    await call('GET', `/servers/${serverId}`),
    await call('GET', `/servers/${serverId}/status`),
    await call('DELETE', `/servers/${serverId}/secrets/TOKEN`),
  ];
  const again = await call('PUT', `/servers/${serverId}/secrets`, { TOKEN: canary.value });

  expect(existing.status).toBe(200);
  expect(answers[0]?.status).toBe(status);
  const seen = [...answers.map(({ text }) => text), again.text, ...logged, await dump()].join('\n');
  for (const form of canary.forms) expect(seen).not.toContain(form);
  if (!fault) {
    const { data } = await core.readNamespacedSecret({ namespace: NAMESPACE, name: `mcp-${serverId}-env` });
    expect(Buffer.from(data?.TOKEN ?? '', 'base64').toString()).toBe(canary.value);
  }
});

test('a key whose write fails is in no answer, log line, error or table', async () => {
  const { call, addServer, proxy, logged, dump } = await openHosting();
  await addServer('redkey-k3v9x2');
  const seenByProxy: string[] = [];
  proxy.faults.push({
    matches: (method, path) => {
      seenByProxy.push(`${method} ${path}`);
      return isSecret(method, path);
    },
    status: 422,
    when: 'before',
  });

  const answer = await call('POST', '/servers/redkey-k3v9x2/keys', { name: 'x' });

  expect(seenByProxy.some((line) => line.startsWith('POST'))).toBe(true);
  expect([answer.status, answer.body.code]).toEqual([500, 'internal-error']);
  expect([answer.text, ...logged, await dump()].join('\n')).not.toMatch(/mcp_[\w-]{20}|[0-9a-f]{64} id=/);
});
