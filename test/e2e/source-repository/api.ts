import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { inAcme, mergeProposal, TEST_MS_MAX, waitUntilSettled } from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** The API drives a server through its whole life; people merge what it asks for. */
export function testApi(started: () => E2ePlatform): void {
  async function call(method: string, path: string, options: { token?: string; body?: unknown } = {}): Promise<Answer> {
    const { apiUrl, apiToken } = started().file;
    const { token = apiToken, body } = options;
    const response = await fetch(`${apiUrl}/api/hosting${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  test.concurrent(
    'a server lives and dies by the API',
    async () => {
      const platform = started();
      const name = 'programmed';
      const commit = await platform.push(name, tinyServer(name));
      const conversation = randomUUID();
      const deployed = await call('POST', `/deploy/${conversation}`, { body: { repository: `acme/${name}` } });
      expect(deployed.status).toBe(202);
      const serverId = String(deployed.body.serverId);
      await mergeProposal(platform, serverId);
      await platform.waitForStatus(name, 'running');
      await waitUntilSettled(platform, serverId);

      const one = await call('GET', `/servers/${serverId}`);
      expect(one).toMatchObject({
        status: 200,
        body: { serverId, status: 'running', conversationId: conversation, imageTag: commit.slice(0, 7) },
      });
      const list = await call('GET', '/servers?limit=100');
      expect(list.body.servers).toContainEqual(one.body);
      expect(await call('GET', `/servers/${serverId}/status`)).toMatchObject({
        status: 200,
        body: { status: 'running', rollout: { kind: 'deploy', stage: 'succeeded' }, pods: [{ ready: true }] },
      });
      const logs = await call('GET', `/servers/${serverId}/logs?lines=5`);
      expect(logs).toMatchObject({ status: 200, body: { lines: expect.arrayContaining([expect.any(String)]) } });

      for (const [method, path, status] of [
        ['POST', '/stop', 'stopped'],
        ['POST', '/start', 'running'],
        ['DELETE', '', 'deleted'],
      ] as const) {
        expect(await call(method, `/servers/${serverId}${path}`)).toMatchObject({ status: 202, body: { serverId } });
        await mergeProposal(platform, serverId);
        await platform.waitForStatus(name, status);
        await waitUntilSettled(platform, serverId);
      }
      expect(await call('GET', `/servers/${serverId}`)).toMatchObject({ status: 200, body: { status: 'deleted' } });
      const living = (await call('GET', '/servers?limit=100')).body.servers as { serverId: string }[];
      expect(living.map((server) => server.serverId)).not.toContain(serverId);
      expect(await call('POST', `/servers/${serverId}/start`)).toMatchObject({ status: 409 });
      const { data: issues } = await platform.you.rest.issues.listForRepo({ ...inAcme(name), state: 'all' });
      expect(issues).toEqual([]);
    },
    TEST_MS_MAX,
  );

  test.concurrent('knows neither strangers nor servers that are not there', async () => {
    const paths = [
      ['GET', '/servers'],
      ['GET', '/servers/nobody-abcdef'],
      ['GET', '/servers/nobody-abcdef/status'],
      ['GET', '/servers/nobody-abcdef/logs'],
      ['POST', '/servers/nobody-abcdef/stop'],
      ['POST', '/servers/nobody-abcdef/start'],
      ['DELETE', '/servers/nobody-abcdef'],
    ] as const;
    for (const [method, path] of paths) {
      for (const token of ['', 'mcph_of-nobody']) {
        expect(await call(method, path, { token })).toMatchObject({ status: 401, body: { hint: expect.any(String) } });
      }
      if (path === '/servers') continue;
      expect(await call(method, path)).toMatchObject({ status: 404, body: { code: 'server-not-found' } });
    }
    const deploy = await call('POST', `/deploy/${randomUUID()}`, { body: { repository: 'acme/nothing-there' } });
    expect(deploy.status).toBeGreaterThanOrEqual(400);
    expect(deploy.status).toBeLessThan(500);
  });
}
