import { describe, expect, test } from '@jest/globals';
import { runChecks } from '../../../src/cli/run-checks.ts';
import { diagnoseWebhook } from '../../../src/domain/doctor/diagnose-app.ts';
import { diagnoseArgoCd } from '../../../src/domain/doctor/diagnose-argocd.ts';
import { diagnoseBot } from '../../../src/domain/doctor/diagnose-bot.ts';
import { diagnoseDatabase, diagnoseQueue } from '../../../src/domain/doctor/diagnose-database.ts';
import { diagnoseDeliveries } from '../../../src/domain/doctor/diagnose-deliveries.ts';
import { diagnoseWildcard } from '../../../src/domain/doctor/diagnose-wildcard.ts';
import { diagnoseResources, neededResources } from '../../../src/domain/doctor/needed-resources.ts';

const now = new Date('2026-11-22T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

describe('deliveries', () => {
  const attempt = (guid: string, statusCode: number, hours: number) => ({
    guid,
    event: 'push',
    statusCode,
    deliveredAt: hoursAgo(hours),
  });

  test.each([
    ['all well', [attempt('a', 200, 1)], []],
    ['a failed one that was sent again', [attempt('a', 200, 1), attempt('a', 502, 2)], []],
    ['one that is too long for good', [attempt('a', 413, 1)], []],
    ['older than a day does not count, and nothing since is told', [attempt('a', 500, 30)], ['warning']],
    ['the newest failed', [attempt('b', 401, 1), attempt('a', 200, 2)], ['broken']],
    ['failed before the newest', [attempt('b', 200, 1), attempt('a', 502, 2)], ['warning']],
    ['each status by itself', [attempt('b', 0, 1), attempt('a', 404, 2)], ['broken', 'broken']],
  ])('%s', (_name, attempts, levels) => {
    expect(diagnoseDeliveries(attempts, now).problems.map(({ level }) => level)).toEqual(levels);
  });
});

const GATEWAY = { kind: 'gateway', gatewayName: 'edge', gatewayNamespace: 'edges' } as const;
const INGRESS = { kind: 'ingress', className: 'traefik', clusterIssuer: 'x' } as const;

test.each([
  [GATEWAY, [], "the gateway: kubectl -n edges get gateway edge -o jsonpath='{.status.addresses}'"],
  [INGRESS, [], 'the ingress controller of class traefik: kubectl get services -A'],
  [GATEWAY, ['203.0.113.7'], 'kubectl -n edges describe gateway edge'],
  [INGRESS, ['203.0.113.7'], 'kubectl get services -A --field-selector spec.type=LoadBalancer'],
])('what does not answer is looked for where the route is: %j at %j', (route, addresses, fix) => {
  const probe = { host: 'x.mcp.example.com', port: 443, addresses, certificate: 'no-answer' } as const;

  const [problem] = diagnoseWildcard(probe, { now, route }).problems;

  expect(problem?.fix).toContain(fix);
  if (route.kind === 'ingress') expect(problem?.fix).not.toContain('gateway');
});

describe('the certificate', () => {
  const probe = (days: number, refusal?: string) => ({
    host: 'x.mcp.example.com',
    port: 443,
    addresses: ['203.0.113.7'],
    certificate: {
      refusal,
      names: ['*.mcp.example.com'],
      validTo: new Date(now.getTime() + days * 86_400_000),
      issuer: "Let's Encrypt",
    },
  });

  test.each([
    [60, undefined, []],
    [15, undefined, []],
    [13, undefined, ['warning']],
    [-1, 'CERT_HAS_EXPIRED', ['broken']],
    [60, 'ERR_TLS_CERT_ALTNAME_INVALID', ['broken']],
  ])('with %d days left and refused by %s', (days, refusal, levels) => {
    expect(diagnoseWildcard(probe(days, refusal), { now, route: GATEWAY }).problems.map(({ level }) => level)).toEqual(
      levels,
    );
  });
});

describe('kinds', () => {
  const gateway = { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' } as const;
  const ingress = { kind: 'ingress', className: 'nginx', clusterIssuer: 'x' } as const;
  const needs = (options: Parameters<typeof neededResources>[0]) =>
    neededResources(options).map(({ group, resource, level }) => `${level} ${resource}.${group}`);

  test('follow route and policy', () => {
    expect(needs({ route: ingress, policy: {} })).toContain('broken certificates.cert-manager.io');
    expect(needs({ route: ingress, policy: { route: { wildcardSecret: 'x' } } })).toContain(
      'warning certificates.cert-manager.io',
    );
    expect(needs({ route: ingress, policy: {} }).join()).not.toContain('gateway');
    expect(needs({ route: ingress, policy: { scaling: { toZero: true } } }).join()).not.toContain('referencegrants');
    expect(needs({ route: gateway, policy: { scaling: { toZero: true } } })).toEqual(
      expect.arrayContaining([
        'broken interceptorroutes.http.keda.sh',
        'broken referencegrants.gateway.networking.k8s.io',
      ]),
    );
    expect(needs({ route: gateway, policy: { customDomains: ['*.x.example'] } })).toContain(
      'broken listenersets.gateway.networking.k8s.io',
    );
    expect(needs({ route: gateway, policy: { monitoring: true } })).toContain(
      'broken podmonitors.monitoring.coreos.com',
    );
  });

  test('of another version count as missing', () => {
    const needed = neededResources({ route: gateway, policy: {} }).filter(({ resource }) => resource === 'httproutes');
    const served = (version: string) => new Map([[`gateway.networking.k8s.io/${version}`, ['httproutes']]]);

    expect(diagnoseResources(needed, served('v1'))).toEqual([]);
    expect(diagnoseResources(needed, served('v1beta1'))).toMatchObject([{ level: 'broken' }]);
  });
});

describe('Argo CD', () => {
  const url = 'https://github.com/acme/deployments.git';
  const sound = {
    applicationSet: { repositoryUrls: [url], errors: [] },
    project: { repositoryUrls: [url] },
    base: { syncStatus: 'Synced', healthStatus: 'Healthy', message: undefined },
  };
  const levels = (objects: Parameters<typeof diagnoseArgoCd>[0]['objects']) =>
    diagnoseArgoCd({ objects, repositoryUrl: url, namespace: 'argocd' }).problems.map(({ level }) => level);

  test('the repository is the same by ssh, without .git, and in other letters', () => {
    for (const same of ['git@github.com:acme/deployments.git', 'https://github.com/Acme/Deployments']) {
      expect(levels({ ...sound, applicationSet: { repositoryUrls: [same], errors: [] } })).toEqual([]);
    }
    expect(
      levels({ ...sound, applicationSet: { repositoryUrls: ['https://github.com/acme/deployments-2'], errors: [] } }),
    ).toEqual(['broken']);
  });

  test('errors of the ApplicationSet and a base that is not synced are told', () => {
    expect(
      levels({ ...sound, applicationSet: { repositoryUrls: [url], errors: ['authentication required'] } }),
    ).toEqual(['broken']);
    expect(levels({ ...sound, project: { repositoryUrls: [] } })).toEqual(['broken']);
    expect(levels({ ...sound, base: { syncStatus: 'OutOfSync', healthStatus: 'Missing', message: 'quota' } })).toEqual([
      'warning',
    ]);
  });
});

test('the webhook must have an address, a secret, JSON, and a verified certificate', () => {
  const settings = { url: undefined, contentType: 'form', insecureSsl: true, hasSecret: false };
  const path = '/api/github/webhooks';

  const { problems } = diagnoseWebhook({ settings, path, settingsUrl: 'https://github.com/x' });

  expect(problems.map(({ level }) => level)).toEqual(['broken', 'broken', 'broken', 'warning']);
});

test('a database that is too old, or nearly out of connections, is told', () => {
  const state = { version: '13.4', pending: [], foreign: [], connections: { used: 90, max: 100 } };

  expect(diagnoseDatabase(state).problems.map(({ level }) => level)).toEqual(['broken', 'warning']);
});

test('a queue is stuck only by what has waited for long', () => {
  const measures = { servers: [], rolloutsFailedInHour: 0, deliveriesFailedInDay: 0, jobs: [] };
  const waiting = (seconds: number) => diagnoseQueue({ ...measures, waits: [{ queue: 'advance', seconds }] }).problems;

  expect(waiting(599)).toEqual([]);
  expect(waiting(601)).toMatchObject([{ level: 'broken' }]);
});

test('a check that throws hides no other, and what is thrown is told', async () => {
  const fine = { name: 'fine', title: 'Fine', run: async () => ({ found: 'it', problems: [] }) };
  const bad = {
    name: 'bad',
    title: 'Bad',
    run: () => {
      throw new Error('no way');
    },
  };

  const [first, second] = await runChecks([bad, fine], 1_000);

  expect(first).toMatchObject({
    name: 'bad',
    status: 'broken',
    problems: [{ problem: expect.stringContaining('no way') }],
  });
  expect(second).toMatchObject({ name: 'fine', status: 'ok' });
});

test.each([
  [{ status: 401, contentType: 'application/problem+json; charset=utf-8' }, []],
  [{ status: 401, contentType: 'text/html' }, ['broken']],
  [{ status: 404, contentType: 'application/problem+json' }, ['broken']],
  [undefined, ['broken']],
])('the bot is known by how it refuses: %j', (answer, levels) => {
  const { problems } = diagnoseBot({ address: 'https://hosting.mcp.example.com/api/hosting/servers', answer });

  expect(problems.map(({ level }) => level)).toEqual(levels);
});
