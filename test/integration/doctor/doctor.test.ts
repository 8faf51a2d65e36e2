import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSelfSignedCertificate } from '../../../sandbox/kubernetes/api/self-signed-certificate.ts';
import { putFile } from '../../sandbox-github/start-test-github.ts';
import { useTestPostgres } from '../postgres/test-postgres.ts';
import { editFile, type Installation, PATIENT, startInstallation } from './installation.ts';

/** `mcp-hosting doctor` on an installation of real parts, with each thing broken in turn. */
const postgres = useTestPostgres();
let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation(postgres);
});
afterAll(() => installation.close());

const CHECKS = [
  'configuration',
  'github-app',
  'webhook',
  'bot',
  'deliveries',
  'installation',
  'repository',
  'policy',
  'kubernetes',
  'rights',
  'resources',
  'argocd',
  'wildcard',
  'database',
  'queue',
];

test('of a sound installation nothing is broken, and the exit code is 0', async () => {
  const { code, checks } = await installation.doctor();

  expect(Object.values(checks).flatMap(({ problems }) => problems.filter(({ level }) => level === 'broken'))).toEqual(
    [],
  );
  expect(code).toBe(0);
  expect(Object.keys(checks)).toEqual(CHECKS);
  expect(checks.repository).toMatchObject({ status: 'ok' });
  expect(checks.deliveries?.status).toBe('ok');
  expect(checks.rights?.found).toMatch(/^(\d+) of \1 rights$/);
});

test('people read a line a check, and under it what is wrong and what mends it', async () => {
  const env = { ...installation.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  const { code, stdout, stderr } = await installation.run(['doctor', ...PATIENT], env);

  expect(code).toBe(1);
  expect(stdout).toMatch(/^ ✔ Configuration {2,}deployments in acme\/mcp-server-deployments$/m);
  expect(stdout).toMatch(/^ ✖ Database {2,}could not be checked\n {5}Cannot connect .*\n {5}→ Start PostgreSQL there/m);
  expect(stdout).toMatch(/Of 15 checks 2 are broken, \d warns?\.\n$/);
  expect(stderr).toContain('2 checks are broken');
  expect(stdout).not.toContain('it is a secret');
});

test('a configuration that is incomplete is told whole, and nothing else is asked', async () => {
  const { code, checks } = await installation.doctor({ APP_ID: 'x', ENDPOINT_URL: '' });

  expect(code).toBe(1);
  expect(Object.keys(checks)).toEqual(['configuration']);
  expect(checks.configuration?.problems).toHaveLength(2);
});

test("a key that is not the App's breaks the checks of GitHub and no other", async () => {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const PRIVATE_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  const { checks } = await installation.doctor({ PRIVATE_KEY });

  const bad = Object.values(checks)
    .filter(({ status }) => status === 'broken')
    .map(({ name }) => name);
  expect(bad).toEqual(['github-app', 'webhook', 'bot', 'deliveries', 'installation', 'repository', 'policy']);
  expect(checks['github-app']?.problems[0]?.problem).toContain('credentials');
});

test('--only runs what was chosen, and names what there is where that is none', async () => {
  const { code, checks } = await installation.doctor({}, '--only', 'queue', 'wildcard');
  const wrong = await installation.run(['doctor', '--only', 'everything']);

  expect([code, Object.keys(checks)]).toEqual([0, ['wildcard', 'queue']]);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('github-app, webhook') });
});

describe('GitHub', () => {
  test('an App with too few permissions and events, and a wrong address', async () => {
    const lacking = await startInstallation(postgres, {
      app: {
        permissions: {
          actions: 'read',
          contents: 'write',
          metadata: 'read',
          pull_requests: 'write',
          workflows: 'write',
        },
        events: ['push'],
        // A port that nobody listens on.
        webhookUrl: 'http://127.0.0.1:1/',
      },
    });
    try {
      const { checks } = await lacking.doctor();

      const told = checks['github-app']?.problems.map(({ problem }) => problem);
      expect(told).toEqual(
        expect.arrayContaining([
          'Permission "actions" is "read", expected "write".',
          'Permission "checks" is not granted, expected "write".',
          'Event "issue_comment" is not subscribed to, expected it to be sent.',
        ]),
      );
      expect(told).not.toContainEqual(expect.stringContaining('"contents"'));
      expect(checks.installation?.status).toBe('broken');
      expect(checks.bot?.problems[0]?.problem).toBe('Nothing answers at http://127.0.0.1:1/api/hosting/servers.');
      expect(checks.webhook?.problems[0]?.problem).toBe(
        'The webhook address ends in "/", expected "/api/github/webhooks".',
      );
      expect(checks['github-app']?.problems[0]?.fix).toContain(
        '/organizations/acme/settings/apps/mcp-hosting/permissions',
      );
    } finally {
      await lacking.close();
    }
  });

  test('webhooks that are refused, and those that were but no longer are', async () => {
    installation.answerWebhooks(401);
    await deliver('one.txt');
    const refused = (await installation.doctor({}, '--only', 'deliveries')).checks.deliveries;
    installation.answerWebhooks(200);
    await deliver('two.txt');
    const over = (await installation.doctor({}, '--only', 'deliveries')).checks.deliveries;

    expect(refused?.problems).toMatchObject([{ level: 'broken', fix: expect.stringContaining('WEBHOOK_SECRET') }]);
    expect(over?.problems).toMatchObject([
      { level: 'warning', problem: expect.stringContaining('newer ones arrived') },
    ]);
  });

  test('a repository that the App cannot see', async () => {
    const { checks } = await installation.doctor(
      { DEPLOYMENTS_REPOSITORY: 'acme/elsewhere' },
      '--only',
      'installation',
      'repository',
      'github-app',
    );

    expect(checks.installation).toMatchObject({ status: 'broken' });
    expect(checks.repository?.problems[0]?.problem).toContain('acme/elsewhere');
    expect(checks['github-app']?.status).toBe('ok');
  });

  test('a policy that is wrong, on its line', async () => {
    await withFile('mcp-hosting.yml', 'merge: sometimes\n', async () => {
      const { checks } = await installation.doctor({}, '--only', 'policy');

      expect(checks.policy?.problems).toMatchObject([{ level: 'broken', problem: expect.stringContaining('line 1') }]);
    });
  });

  test('a scaffold that is behind, with the command that brings it up to date', async () => {
    const path = '.mcp-hosting/scaffold.json';
    const record = JSON.parse(await readFile(path));
    record.files['base/namespace.yaml'] = record.files['base/namespace.yaml'].replace('restricted', 'baseline');
    const namespace = await readFile('base/namespace.yaml');
    await withFile('base/namespace.yaml', namespace.replace('restricted', 'baseline'), () =>
      withFile(path, JSON.stringify({ ...record, version: '0.0.9' }), async () => {
        const { checks } = await installation.doctor({}, '--only', 'repository');

        expect(checks.repository?.problems).toEqual([
          {
            level: 'warning',
            problem: "The scaffold is that of mcp-hosting 0.0.9; 1 file differs from this version's.",
            fix: 'npx mcp-hosting bootstrap --repository acme/mcp-server-deployments',
          },
        ]);
      }),
    );
  });
});

describe('the cluster', () => {
  test('an API server that is not there breaks its checks and no other', async () => {
    const { checks } = await installation.doctor({ KUBECONFIG: '/nonexistent' });

    const bad = Object.values(checks)
      .filter(({ status }) => status === 'broken')
      .map(({ name }) => name);
    expect(bad).toEqual(expect.arrayContaining(['kubernetes', 'rights', 'resources', 'argocd']));
    expect(checks.database?.status).toBe('ok');
    expect(checks.kubernetes?.problems[0]?.problem).toBe(
      'Cannot use KUBECONFIG "/nonexistent": ENOENT, expected a kubeconfig with a current context',
    );
  });

  test('a kubeconfig that is no YAML is told without its words', async () => {
    const { checks } = await installation.doctor({ KUBECONFIG: fileURLToPath(import.meta.url) });

    expect(checks.kubernetes?.problems[0]?.problem).toMatch(/: it is not valid YAML, expected a kubeconfig/);
  });

  test('each right that is missing is named', async () => {
    await installation.applyFile('kustomize/platform/rbac.yaml', (text) =>
      text
        .replace('verbs: [get, list, create, patch, delete]', 'verbs: [get, create]')
        .replace('verbs: [get, list, watch, patch]', 'verbs: [get, list, patch]'),
    );
    try {
      const { checks } = await installation.doctor({}, '--only', 'rights');

      expect(checks.rights?.problems.map(({ problem }) => problem)).toEqual([
        'The bot may not watch applications.argoproj.io in namespace "argocd".',
        'The bot may not list secrets in namespace "mcp-servers".',
        'The bot may not patch secrets in namespace "mcp-servers".',
        'The bot may not delete secrets in namespace "mcp-servers".',
      ]);
      expect(checks.rights?.problems[0]?.fix).toContain('kubectl apply -k platform');
    } finally {
      await installation.applyFile('kustomize/platform/rbac.yaml');
    }
  });

  test('kinds that the policy needs and the cluster lacks', async () => {
    await withFile('mcp-hosting.yml', 'scaling: { auto: true, toZero: true }\n', async () => {
      const { checks } = await installation.doctor({}, '--only', 'resources');

      expect(checks.resources?.problems).toMatchObject([
        {
          level: 'broken',
          problem: 'The cluster does not know pods.metrics.k8s.io/v1beta1, which "scaling.auto" needs.',
        },
      ]);
      expect(checks.resources?.problems[0]?.fix).toContain('metrics-server');
    });
  });

  test('an ApplicationSet that follows another repository', async () => {
    await installation.applyFile('kustomize/argocd/applicationset.yaml', (text) =>
      text.replaceAll('__REPOSITORY_URL__', 'https://github.com/acme/other.git'),
    );
    try {
      const { checks } = await installation.doctor({}, '--only', 'argocd');

      expect(checks.argocd?.problems[0]).toMatchObject({
        level: 'broken',
        problem: expect.stringContaining('follows https://github.com/acme/other.git'),
        fix: expect.stringContaining('kubectl apply -k argocd'),
      });
    } finally {
      await installation.applyFile('kustomize/argocd/applicationset.yaml');
    }
  });

  test('Argo CD without our objects', async () => {
    const { checks } = await installation.doctor({ ARGOCD_NAMESPACE: 'default' }, '--only', 'argocd', 'rights');

    expect(checks.argocd?.status).toBe('broken');
    expect(checks.rights?.problems.map(({ problem }) => problem).join()).toContain('namespace "default"');
  });
});

describe('the endpoint', () => {
  test('a name that leads nowhere', async () => {
    const { checks } = await installation.doctor(
      { ENDPOINT_URL: 'https://{server-id}.mcp.invalid/mcp' },
      '--only',
      'wildcard',
    );

    expect(checks.wildcard?.problems).toMatchObject([{ problem: expect.stringContaining('does not resolve') }]);
    expect(checks.wildcard?.problems[0]?.fix).toContain('*.mcp.invalid');
  });

  test('a certificate that is not trusted, and none at all', async () => {
    const { certificatePem, keyPem } = createSelfSignedCertificate(new Date());
    const tls = createTlsServer({ cert: certificatePem, key: keyPem }).listen(0, '127.0.0.1');
    const plain = createTcpServer((socket) => socket.end('no TLS')).listen(0, '127.0.0.1');
    const at = (server: typeof plain) =>
      `https://{server-id}.localhost:${(server.address() as { port: number }).port}/mcp`;
    try {
      await Promise.all(
        [tls, plain].map((server) => server.listening || new Promise((done) => server.once('listening', done))),
      );

      const untrusted = (await installation.doctor({ ENDPOINT_URL: at(tls) }, '--only', 'wildcard')).checks.wildcard;
      const none = (await installation.doctor({ ENDPOINT_URL: at(plain) }, '--only', 'wildcard')).checks.wildcard;

      expect(untrusted?.problems[0]?.problem).toMatch(/is not trusted for mcp-hosting-doctor-\w+\.localhost/);
      expect(none?.problems[0]?.problem).toContain('Nothing answers TLS');
    } finally {
      tls.close();
      plain.close();
    }
  });
});

describe('the database', () => {
  test('one without tables', async () => {
    const { checks } = await installation.doctor(
      { DATABASE_URL: await postgres.newDatabase() },
      '--only',
      'database',
      'queue',
    );

    expect(checks.database?.problems[0]).toMatchObject({
      problem: expect.stringMatching(/^Migrations are pending: 0001-/),
      fix: expect.stringContaining('mcp-hosting migrate'),
    });
    expect(checks.queue?.status).toBe('broken');
  });

  test('one of a newer version', async () => {
    const { databaseUrl } = await postgres.open();
    await postgres.query(
      databaseUrl,
      "INSERT INTO schema_migrations (number, name, sha256) VALUES (9999, '9999-new.sql', 'x')",
    );

    const { checks } = await installation.doctor({ DATABASE_URL: databaseUrl }, '--only', 'database');

    expect(checks.database?.problems).toMatchObject([
      { level: 'broken', problem: expect.stringContaining('9999-new.sql') },
    ]);
  });

  test('a queue whose jobs nobody takes', async () => {
    const { postgres: stores, databaseUrl } = await postgres.open();
    await stores.queue.advance('hello-q7m2d4');
    await postgres.query(databaseUrl, "UPDATE pgboss.job SET start_after = now() - interval '20 minutes'");

    const { checks } = await installation.doctor({ DATABASE_URL: databaseUrl }, '--only', 'queue');

    expect(checks.queue?.problems).toMatchObject([
      { level: 'broken', problem: 'A job of queue "advance" has waited for 20 minutes, expected seconds.' },
    ]);
  });

  test('a server that accepts and never answers ends the check by its time limit, and hides no other', async () => {
    const sockets = new Set<Socket>();
    const silent = createTcpServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((done) => silent.once('listening', done));
    const { port } = silent.address() as { port: number };
    try {
      const { checks } = await installation.doctor(
        { DATABASE_URL: `postgres://bot@127.0.0.1:${port}/x` },
        '--timeout',
        '15',
      );

      expect(checks.database?.problems[0]?.problem).toBe('No answer within 15 s.');
      expect(checks.policy?.status).toBe('ok');
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

async function readFile(path: string): Promise<string> {
  const where = { owner: 'acme', repo: 'mcp-server-deployments', path };
  const { data } = await installation.github.person.rest.repos.getContent(where);
  return 'content' in data ? Buffer.from(data.content, 'base64').toString() : '';
}

/** With another content of one file of the deployments repository, and then as it was. */
async function withFile(path: string, text: string, work: () => Promise<void>): Promise<void> {
  const before = await readFile(path);
  await editFile(installation, path, text);
  try {
    await work();
  } finally {
    await editFile(installation, path, before);
  }
}

/** Causes a webhook, and waits for its answer: GitHub delivers after it has answered. */
async function deliver(path: string): Promise<void> {
  const { apps } = installation.github.appJwt.rest;
  const count = async () => (await apps.listWebhookDeliveries({ per_page: 100 })).data.length;
  const before = await count();
  await putFile(installation.github, { repo: 'mcp-server-deployments', path, content: 'x' });
  while ((await count()) === before) await new Promise((done) => setTimeout(done, 50));
}
