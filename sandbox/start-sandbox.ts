import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';
import { createWorkflowRunner } from './actions/workflow-runner.ts';
import { startBot } from './bot-process.ts';
import { checkPorts } from './check-ports.ts';
import { PROCESS_DIRECTORIES } from './end-leftovers.ts';
import { createEventLog } from './event-log.ts';
import { type GitHubSandbox, startGitHub } from './github/github-server.ts';
import { createImageStore } from './images/image-store.ts';
import { keepSecret } from './keep-secret.ts';
import { type KubernetesSandbox, startKubernetes } from './kubernetes/kubernetes-server.ts';
import { startPostgres } from './postgres/postgres-server.ts';
import { readManifest } from './read-manifest.ts';
import { removeSandboxFile, type SandboxFile, writeSandboxFile } from './sandbox-file.ts';
import { readScaffoldObjects } from './scaffold-objects.ts';
import { seedDeployments } from './seed-deployments.ts';
import { portsFrom, type SandboxPart, type SandboxPorts } from './settings.ts';

const ORGANIZATION = 'acme';
const LOGIN = 'you';
const DEPLOYMENTS_REPOSITORY = `${ORGANIZATION}/mcp-server-deployments`;
const APP_ID = 1;

/** One part that came up: a line for people. */
interface StartedPart {
  name: string;
  address: string;
  detail?: string;
  tookMs: number;
}

export interface Sandbox {
  file: SandboxFile;
  ports: SandboxPorts;
  /** Ends every process that was started, in the reverse order. Safe to call twice. */
  close(): Promise<void>;
}

export interface SandboxOptions {
  port: number;
  dataDir: string;
  /** Aborted: no further part is started, and those that were are ended. */
  signal?: AbortSignal;
  /** Called before and after each part, for the terminal. */
  onStarting(name: string): void;
  onStarted(part: StartedPart): void;
  /** Extra variables of the bot, for tests: shorter intervals and timeouts. */
  botEnv?: Readonly<Record<string, string>>;
}

/** Brings up PostgreSQL, GitHub, Kubernetes with Argo CD and the gateway, and the bot as its own process. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const ports = portsFrom(options.port);
  await checkPorts({ ...ports });
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await startParts(options, ports, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: SandboxOptions,
  ports: SandboxPorts,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Sandbox> {
  const stage = stageTimer(options);
  const postgres = await stage(
    'PostgreSQL',
    () => startDatabase(options, ports),
    ({ url }) => ({ address: hostOf(url) }),
  );
  closers.push(postgres.close);
  const github = await stage(
    'GitHub (sandbox)',
    () => startForge(options, ports),
    ({ url }) => ({
      address: url,
      detail: DEPLOYMENTS_REPOSITORY,
    }),
  );
  closers.push(github.close);
  const kubernetes = await stage(
    'Kubernetes + Argo CD',
    () => startCluster(options, ports, github),
    ({ url, gatewayUrl }) => ({
      address: url,
      detail: `gateway ${gatewayUrl}`,
    }),
  );
  closers.push(kubernetes.close);
  const env = await botEnvironment(options, ports, { github, kubernetes, databaseUrl: postgres.url });
  const apiUrl = `http://127.0.0.1:${ports.bot}`;
  const bot = await stage(
    'mcp-hosting',
    () =>
      startBot({
        env,
        url: apiUrl,
        logFile: join(options.dataDir, 'bot.log'),
        processDir: join(options.dataDir, PROCESS_DIRECTORIES.bot),
        log: createEventLog(join(options.dataDir, 'sandbox.log')),
      }),
    () => ({ address: apiUrl }),
  );
  closers.push(bot.close);
  const file: SandboxFile = {
    githubUrl: github.url,
    githubGraphqlUrl: github.graphqlUrl,
    gitUrl: github.gitUrl,
    userToken: github.userToken,
    appId: github.appId,
    apiUrl,
    apiToken: await keepApiToken(options.dataDir, apiUrl, postgres.url),
    gatewayUrl: kubernetes.gatewayUrl,
    kubeconfig: kubernetes.kubeconfigPath,
    databaseUrl: postgres.url,
    deploymentsRepository: DEPLOYMENTS_REPOSITORY,
  };
  options.signal?.throwIfAborted();
  await writeSandboxFile(options.dataDir, file);
  closers.push(() => removeSandboxFile(options.dataDir));
  return { file, ports, close };
}

/** One part alone, so that it can be used with a real cluster or the real GitHub. */
export async function startPart(part: SandboxPart, options: SandboxOptions): Promise<{ close(): Promise<void> }> {
  const ports = portsFrom(options.port);
  const stage = stageTimer(options);
  switch (part) {
    case 'postgres':
      await checkPorts({ postgres: ports.postgres });
      return stage(
        'PostgreSQL',
        () => startDatabase(options, ports),
        ({ url }) => ({ address: hostOf(url), detail: url }),
      );
    case 'github':
      await checkPorts({ github: ports.github });
      return stage(
        'GitHub (sandbox)',
        () => startForge(options, ports),
        ({ url }) => ({
          address: url,
          detail: `App ${APP_ID}; webhooks go to http://127.0.0.1:${ports.bot}; credentials in ${join(options.dataDir, 'github')}`,
        }),
      );
    case 'kubernetes':
      await checkPorts({ kubernetes: ports.kubernetes, gateway: ports.gateway });
      return stage(
        'Kubernetes + Argo CD',
        () => startEmptyCluster(options, ports),
        ({ url, gatewayUrl, kubeconfigPath }) => ({
          address: url,
          detail: `gateway ${gatewayUrl}; KUBECONFIG=${kubeconfigPath}`,
        }),
      );
  }
}

function stageTimer(options: SandboxOptions) {
  return async <T>(
    name: string,
    start: () => Promise<T>,
    describe: (part: T) => { address: string; detail?: string },
  ): Promise<T> => {
    options.signal?.throwIfAborted();
    options.onStarting(name);
    const begun = performance.now();
    const part = await start();
    options.onStarted({ name, tookMs: performance.now() - begun, ...describe(part) });
    return part;
  };
}

function startDatabase(options: SandboxOptions, ports: SandboxPorts) {
  const log = createEventLog(join(options.dataDir, 'postgres.log'));
  return startPostgres({ port: ports.postgres, dataDir: join(options.dataDir, 'postgres'), log });
}

async function startForge(options: SandboxOptions, ports: SandboxPorts): Promise<GitHubSandbox> {
  const { dataDir } = options;
  const log = createEventLog(join(dataDir, 'github.log'));
  const runner = createWorkflowRunner({
    workDir: join(dataDir, 'runs'),
    images: createImageStore(join(dataDir, 'images')),
    log,
  });
  const github = await startGitHub({
    port: ports.github,
    dataDir: join(dataDir, 'github'),
    organization: ORGANIZATION,
    login: LOGIN,
    app: {
      id: APP_ID,
      slug: 'mcp-hosting',
      webhookUrl: `http://127.0.0.1:${ports.bot}/api/github/webhooks`,
      webhookSecret: keepSecret(join(dataDir, 'webhook-secret')),
      ...readManifest(),
    },
    runner,
    log,
  });
  await ensureDeploymentsRepository(github, ports);
  return github;
}

async function ensureDeploymentsRepository(github: GitHubSandbox, ports: SandboxPorts): Promise<void> {
  const [, name] = DEPLOYMENTS_REPOSITORY.split('/');
  const headers = { authorization: `Bearer ${github.userToken}`, 'content-type': 'application/json' };
  const { statusCode, body } = await request(`${github.url}/orgs/${ORGANIZATION}/repos`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name }),
  });
  const text = await body.text();
  if (statusCode !== 201 && statusCode !== 422)
    throw new Error(`Cannot make ${DEPLOYMENTS_REPOSITORY}: ${statusCode} ${text}`);
  if (statusCode === 201) {
    const hook = { name: 'web', events: ['push'], config: { url: argoWebhookUrl(ports), content_type: 'json' } };
    const made = await request(`${github.url}/repos/${DEPLOYMENTS_REPOSITORY}/hooks`, {
      method: 'POST',
      headers,
      body: JSON.stringify(hook),
    });
    await made.body.dump();
  }
  await seedDeployments({
    remoteUrl: repositoryUrl(github),
    login: LOGIN,
    token: github.userToken,
    values: placeholders(github),
  });
}

async function startCluster(
  options: SandboxOptions,
  ports: SandboxPorts,
  github: GitHubSandbox,
): Promise<KubernetesSandbox> {
  const kubernetes = await startEmptyCluster(options, ports);
  await kubernetes.apply(await readScaffoldObjects(placeholders(github)));
  return kubernetes;
}

function startEmptyCluster(options: SandboxOptions, ports: SandboxPorts): Promise<KubernetesSandbox> {
  return startKubernetes({
    port: ports.kubernetes,
    gatewayPort: ports.gateway,
    dataDir: join(options.dataDir, 'kubernetes'),
    images: createImageStore(join(options.dataDir, 'images')),
    log: createEventLog(join(options.dataDir, 'kubernetes.log')),
  });
}

function placeholders(github: GitHubSandbox): Record<string, string> {
  return {
    REPOSITORY_URL: repositoryUrl(github),
    DEPLOYMENTS_REPOSITORY,
    OWNER: ORGANIZATION,
    DOMAIN: 'localhost',
  };
}

function repositoryUrl(github: GitHubSandbox): string {
  return `${github.gitUrl.replace(/\/$/, '')}/${DEPLOYMENTS_REPOSITORY}.git`;
}

function argoWebhookUrl(ports: SandboxPorts): string {
  return `http://127.0.0.1:${ports.kubernetes}/argocd/api/webhook`;
}

async function botEnvironment(
  options: SandboxOptions,
  ports: SandboxPorts,
  parts: { github: GitHubSandbox; kubernetes: KubernetesSandbox; databaseUrl: string },
): Promise<Record<string, string>> {
  const keyPath = join(options.dataDir, 'app.private-key.pem');
  await mkdir(options.dataDir, { recursive: true });
  await writeFile(keyPath, parts.github.privateKeyPem, { mode: 0o600 });
  await chmod(keyPath, 0o600);
  return {
    HOST: '127.0.0.1',
    PORT: String(ports.bot),
    LOG_LEVEL: 'debug',
    APP_ID: String(parts.github.appId),
    PRIVATE_KEY_PATH: keyPath,
    WEBHOOK_SECRET: keepSecret(join(options.dataDir, 'webhook-secret')),
    GITHUB_API_URL: parts.github.url,
    DATABASE_URL: parts.databaseUrl,
    DEPLOYMENTS_REPOSITORY,
    ENDPOINT_URL: `http://{server-id}.localhost:${ports.gateway}/mcp`,
    KUBECONFIG: parts.kubernetes.kubeconfigPath,
    ...options.botEnv,
  };
}

/** The token of the last start while it is still good, else a new one. */
async function keepApiToken(dataDir: string, apiUrl: string, databaseUrl: string): Promise<string> {
  const path = join(dataDir, 'api-token');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known) {
    const { statusCode, body } = await request(`${apiUrl}/api/hosting/servers`, {
      headers: { authorization: `Bearer ${known}` },
    });
    await body.dump();
    if (statusCode === 200) return known;
  }
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'token', 'create', '--name', 'sandbox'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', DATABASE_URL: databaseUrl },
  });
  const token = stdout.trim().split('\n').at(-1) ?? '';
  await writeFile(path, token, { mode: 0o600 });
  return token;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
