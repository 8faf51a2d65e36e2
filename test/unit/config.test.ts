import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Config, parseConfig } from '../../src/config.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const PKCS8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const required = {
  APP_ID: '123',
  PRIVATE_KEY: PEM,
  WEBHOOK_SECRET: 'sixteen-or-more-characters',
  DATABASE_URL: 'postgres://bot:pass@db.example.com:5432/hosting',
  DEPLOYMENTS_REPOSITORY: 'Acme/mcp-server-deployments',
  ENDPOINT_URL: 'https://{server-id}.mcp.example.com/mcp',
};

function readNothing(path: string): never {
  throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
}

function configOf(env: Record<string, string | undefined>, readFile: (path: string) => string = readNothing): Config {
  const parsed = parseConfig(env, readFile);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.config;
}

function problemsOf(
  env: Record<string, string | undefined>,
  readFile: (path: string) => string = readNothing,
): string[] {
  const parsed = parseConfig({ ...required, ...env }, readFile);
  return parsed.ok ? [] : parsed.problems;
}

test('what is required is enough; the rest has a default', () => {
  expect(configOf(required)).toEqual({
    host: '0.0.0.0',
    port: 3000,
    logLevel: 'info',
    appId: 123,
    privateKey: PKCS8,
    webhookSecret: 'sixteen-or-more-characters',
    githubApiUrl: 'https://api.github.com',
    githubWebUrl: 'https://github.com',
    githubRequestTimeoutMs: 10_000,
    databaseUrl: 'postgres://bot:pass@db.example.com:5432/hosting',
    databaseConnectionsMax: 15,
    deploymentsRepository: { owner: 'Acme', name: 'mcp-server-deployments' },
    imageRepositoryTemplate: 'ghcr.io/{owner}/mcp-servers',
    endpointUrlTemplate: 'https://{server-id}.mcp.example.com/mcp',
    route: { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' },
    kubeconfigPath: undefined,
    serversNamespace: 'mcp-servers',
    argocdNamespace: 'argocd',
    reconcileIntervalMs: 300_000,
    driftIntervalMs: 600_000,
    metricsPort: 0,
  });
});

test('variables that are empty count as unset', () => {
  const empty = { PORT: '', HOST: ' ', LOG_LEVEL: '', KUBECONFIG: '', ROUTE: '', GITHUB_API_URL: '' };

  expect(configOf({ ...required, ...empty })).toEqual(configOf(required));
});

test('an empty environment gives every problem at once', () => {
  const parsed = parseConfig({}, readNothing);

  expect(parsed).toEqual({
    ok: false,
    problems: [
      'DEPLOYMENTS_REPOSITORY is not set.',
      'APP_ID is not set.',
      "PRIVATE_KEY or PRIVATE_KEY_PATH is not set: it is the GitHub App's private key in PEM form.",
      "WEBHOOK_SECRET is not set: without it anyone could send webhooks. Use the GitHub App's webhook secret.",
      'DATABASE_URL is not set: postgres://user:password@host:5432/database.',
      'ENDPOINT_URL is not set: a template such as https://{server-id}.mcp.example.com/mcp.',
    ],
  });
});

test('every malformed variable is a problem of its own', () => {
  const malformed = {
    PORT: '70000',
    LOG_LEVEL: 'loud',
    APP_ID: '12e3',
    DEPLOYMENTS_REPOSITORY: 'https://github.com/acme/deployments',
    GITHUB_API_URL: 'ftp://ghe.example.com',
    GITHUB_REQUEST_TIMEOUT_MS: '0',
    ENDPOINT_URL: 'https://mcp.example.com/{server-id}',
    ROUTE: 'tunnel',
    RECONCILE_INTERVAL_MS: '-1',
    IMAGE_REPOSITORY: 'ghcr.io:99999/{owner}',
    SERVERS_NAMESPACE: 'mcp servers',
    ARGOCD_NAMESPACE: 'Argo',
  };

  const problems = problemsOf(malformed);

  expect(problems).toHaveLength(Object.keys(malformed).length);
  for (const name of Object.keys(malformed)) expect(problems).toContainEqual(expect.stringMatching(`^${name} is "`));
});

test('no problem holds the value of a secret', () => {
  const secret = 's3cr3t-value';
  const problems = problemsOf(
    {
      PRIVATE_KEY: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
      WEBHOOK_SECRET: secret,
      DATABASE_URL: `mysql://bot:${secret}@db.example.com/hosting`,
    },
    readNothing,
  );

  expect(problems).toHaveLength(3);
  expect(problems.join('\n')).not.toContain(secret);
});

describe('the private key', () => {
  test.each([
    ['as it is', PEM],
    ['in PKCS #8', PKCS8],
    ['with \\n for line ends', PEM.replaceAll('\n', '\\n')],
    ['with spaces around it', `  ${PEM}\n`],
  ])('%s is taken', (_, text) => {
    expect(configOf({ ...required, PRIVATE_KEY: text }).privateKey).toBe(PKCS8);
  });

  test('is read from PRIVATE_KEY_PATH', () => {
    const read: string[] = [];
    const readFile = (path: string) => {
      read.push(path);
      return PEM;
    };

    const config = configOf(
      { ...required, PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: '/run/secrets/app.pem' },
      readFile,
    );

    expect(config.privateKey).toBe(PKCS8);
    expect(read).toEqual(['/run/secrets/app.pem']);
  });

  test('is a problem where PRIVATE_KEY_PATH names no file', () => {
    expect(problemsOf({ PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: '/run/secrets/none.pem' })).toEqual([
      'PRIVATE_KEY_PATH "/run/secrets/none.pem" cannot be used: there is no such file.',
    ]);
  });

  test('is a problem where the file holds something else, which is not shown', () => {
    const problems = problemsOf({ PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: '/run/secrets/app.pem' }, () => 'no key');

    expect(problems).toEqual(['PRIVATE_KEY_PATH "/run/secrets/app.pem" cannot be used: it is not a PEM private key.']);
  });
});

test('an enterprise server is looked at where its API is', () => {
  const config = configOf({ ...required, GITHUB_API_URL: 'https://ghe.example.com/api/v3/' });

  expect(config).toMatchObject({
    githubApiUrl: 'https://ghe.example.com/api/v3',
    githubWebUrl: 'https://ghe.example.com',
  });
});

test('an Ingress has a class and an issuer', () => {
  expect(configOf({ ...required, ROUTE: 'ingress', INGRESS_CLASS: 'traefik' }).route).toEqual({
    kind: 'ingress',
    className: 'traefik',
    clusterIssuer: 'letsencrypt-prod',
  });
});

test('the bot without an environment lists every problem and exits with 2', async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [main], { env: {} }, (error, out, err) =>
      resolve({ code: error?.code, stdout: out, stderr: err }),
    );
  });

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const { problems } = parseConfig({}, readNothing) as { problems: string[] };
  expect(stderr).toBe(
    `Cannot start mcp-hosting: the configuration has ${problems.length} problem(s).\n${problems
      .map((problem) => `  - ${problem}\n`)
      .join('')}See docs/configuration.md.\n`,
  );
});
