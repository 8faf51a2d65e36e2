import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { GitHubOptions } from '../../../sandbox/github/github-server.ts';
import { readManifest } from '../../../sandbox/read-manifest.ts';
import type { CheckReport } from '../../../src/cli/run-checks.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import {
  createTestRepository,
  putFile,
  startTestGitHub,
  type TestGitHub,
} from '../../sandbox-github/start-test-github.ts';
import { serviceAccountKubeconfig } from '../../sandbox-kubernetes/service-account.ts';
import { startTestCluster, type TestCluster } from '../../sandbox-kubernetes/test-cluster.ts';
import { capturedTerminal } from '../../unit/cli/captured-terminal.ts';
import { readProjectFile } from '../../unit/docs/project-files.ts';
import type { TestPostgres } from '../postgres/test-postgres.ts';

/** Name of the deployments repository of acme. */
const REPOSITORY = 'mcp-server-deployments';

/** All that is asked runs in this process too, on a machine that may be busy. */
export const PATIENT = ['--timeout', '60'] as const;

export interface Installation {
  github: TestGitHub;
  cluster: TestCluster;
  databaseUrl: string;
  /** What the bot answers webhooks from now on. */
  answerWebhooks(status: number): void;
  /** As the bot has it; a test changes single variables. */
  env: Record<string, string>;
  repository: string;
  /** Runs `mcp-hosting doctor --json` in that environment. */
  doctor(
    env?: Record<string, string>,
    ...args: string[]
  ): Promise<{ code: number; checks: Record<string, CheckReport> }>;
  run(args: readonly string[], env?: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }>;
  applyFile(path: string, change?: (text: string) => string): Promise<void>;
  close(): Promise<void>;
}

/** An installation of sandbox parts that is as it should be: the doctor finds nothing broken in it. */
export async function startInstallation(
  postgres: TestPostgres,
  options: { app?: Partial<GitHubOptions['app']> } = {},
): Promise<Installation> {
  const scratch = mkdtempSync(join(tmpdir(), 'doctor-'));
  const manifest = readManifest();
  const receiver = await startReceiver();
  const started = await startTestGitHub({
    app: {
      id: 4711,
      slug: 'mcp-hosting',
      webhookUrl: `${receiver.url}/api/github/webhooks`,
      webhookSecret: 'it is a secret to everybody',
      ...manifest,
      ...options.app,
    },
  });
  const cluster = await startTestCluster();
  const databaseUrl = await postgres.newDatabase();
  const installation: Installation = {
    github: started,
    cluster,
    databaseUrl,
    repository: `acme/${REPOSITORY}`,
    env: {},
    answerWebhooks: receiver.answer,
    run: (args, env = installation.env) => run(args, env, scratch),
    async doctor(env = {}, ...args) {
      const given = ['doctor', '--json', ...PATIENT, ...args];
      const { code, stdout } = await installation.run(given, { ...installation.env, ...env });
      const { checks } = JSON.parse(stdout) as { checks: CheckReport[] };
      return { code, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
    },
    applyFile: (path, change = (text) => text) =>
      cluster.sandbox.apply(objectsOf(change(readProjectFile(path)), started)),
    async close() {
      await started.stop();
      await receiver.close();
      await cluster.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
  const keyPath = join(scratch, 'key.pem');
  writeFileSync(keyPath, started.privateKeyPem);
  for (const path of ['platform/namespace', 'platform/service-account', 'platform/rbac', 'argocd/app-project']) {
    await installation.applyFile(`kustomize/${path}.yaml`);
  }
  await installation.applyFile('kustomize/argocd/applicationset.yaml');
  installation.env = {
    APP_ID: String(started.appId),
    PRIVATE_KEY_PATH: keyPath,
    WEBHOOK_SECRET: 'it is a secret to everybody',
    GITHUB_API_URL: started.url,
    GITHUB_REQUEST_TIMEOUT_MS: '60000',
    DATABASE_URL: databaseUrl,
    DEPLOYMENTS_REPOSITORY: `acme/${REPOSITORY}`,
    ENDPOINT_URL: 'http://{server-id}.localhost:8080/mcp',
    KUBECONFIG: await serviceAccountKubeconfig(cluster, 'mcp-hosting/mcp-hosting'),
  };
  await createTestRepository(started, REPOSITORY);
  await installation.run(
    ['bootstrap', '--repository', `acme/${REPOSITORY}`, '--domain', 'localhost', '--no-monitoring'],
    {
      GITHUB_API_URL: started.url,
      GITHUB_TOKEN: started.userToken,
    },
  );
  const pulls = await started.person.rest.pulls.list({ owner: 'acme', repo: REPOSITORY, state: 'open' });
  await started.person.rest.pulls.merge({ owner: 'acme', repo: REPOSITORY, pull_number: pulls.data[0]?.number ?? 0 });
  await installation.run(['migrate'], installation.env);
  return installation;
}

/** Changes a file on the default branch of the deployments repository. */
export async function editFile(installation: Installation, path: string, text: string): Promise<void> {
  const where = { owner: 'acme', repo: REPOSITORY, path };
  const { data } = await installation.github.person.rest.repos.getContent(where);
  await putFile(installation.github, {
    repo: REPOSITORY,
    path,
    content: text,
    ...('sha' in data ? { sha: data.sha } : {}),
  });
}

async function run(args: readonly string[], env: Record<string, string>, cwd: string) {
  const { terminal, stdout, stderr } = capturedTerminal();
  const signal = new AbortController().signal;
  const code = await runCli(args, { terminal, env, cwd, now: () => new Date(), signal });
  return { code, stdout: stdout(), stderr: stderr() };
}

function objectsOf(text: string, github: TestGitHub): object[] {
  const url = `${github.gitUrl.replace(/\/$/, '')}/acme/${REPOSITORY}.git`;
  const filled = text.replaceAll('__REPOSITORY_URL__', url);
  return parseAllDocuments(filled).map((document) => document.toJS());
}

/** In the bot's place: answers what GitHub delivers. */
async function startReceiver() {
  let status = 200;
  const server = createServer((request, response) => {
    const isApi = request.url?.startsWith('/api/hosting/') === true;
    const refusal = { 'content-type': 'application/problem+json' };
    request.resume().on('end', () => (isApi ? response.writeHead(401, refusal) : response.writeHead(status)).end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    answer(next: number) {
      status = next;
    },
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
