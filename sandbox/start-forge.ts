import { join } from 'node:path';
import { request } from 'undici';
import { proposeScaffold } from '../src/domain/scaffold/propose-scaffold.ts';
import { completeScaffoldOptions, type GivenScaffoldOptions } from '../src/domain/scaffold/scaffold-options.ts';
import { readOwnVersion, readScaffoldFiles } from '../src/scaffold-files.ts';
import { createWorkflowRunner } from './actions/workflow-runner.ts';
import { BUILD_PROCESSES_DIRECTORY } from './container-platform.ts';
import { createEventLog } from './event-log.ts';
import { type GitHubSandbox, startGitHub } from './github/github-server.ts';
import type { ImageBuilder } from './images/build-image.ts';
import { keepSecret } from './keep-secret.ts';
import { readManifest } from './read-manifest.ts';
import { seedDeployments } from './seed-deployments.ts';
import type { SandboxPorts } from './settings.ts';

const ORGANIZATION = 'acme';
const LOGIN = 'you';
export const DEPLOYMENTS_REPOSITORY = `${ORGANIZATION}/mcp-server-deployments`;
export const APP_ID = 1;

interface ForgeOptions {
  dataDir: string;
  ports: SandboxPorts;
  builder: ImageBuilder;
  /** Base of the repositories as Argo CD clones them; absent: on loopback. */
  cloneUrl?: string | undefined;
}

/** GitHub with its workflow runner, the App of `app.yml` installed, and the deployments repository with the scaffold. */
export async function startForge({ dataDir, ports, builder, cloneUrl }: ForgeOptions): Promise<GitHubSandbox> {
  const log = createEventLog(join(dataDir, 'github.log'));
  const runner = createWorkflowRunner({
    workDir: join(dataDir, 'runs'),
    processDir: join(dataDir, BUILD_PROCESSES_DIRECTORY),
    builder,
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
  await ensureDeploymentsRepository(github, { ports, cloneUrl });
  return github;
}

async function ensureDeploymentsRepository(
  github: GitHubSandbox,
  { ports, cloneUrl }: Pick<ForgeOptions, 'ports' | 'cloneUrl'>,
): Promise<void> {
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
  // A real Argo CD has its webhook inside of the cluster; the bot asks it to look by itself.
  if (statusCode === 201 && cloneUrl === undefined) {
    const hook = { name: 'web', events: ['push'], config: { url: argoWebhookUrl(ports), content_type: 'json' } };
    const made = await request(`${github.url}/repos/${DEPLOYMENTS_REPOSITORY}/hooks`, {
      method: 'POST',
      headers,
      body: JSON.stringify(hook),
    });
    await made.body.dump();
  }
  await seedDeployments({
    remoteUrl: repositoryUrl(github.gitUrl),
    login: LOGIN,
    token: github.userToken,
    files: scaffoldFiles(cloneUrl ?? github.gitUrl),
  });
}

/** What `mcp-hosting bootstrap` writes, for what there is here: no Prometheus. */
function scaffoldFiles(cloneUrl: string): Record<string, string> {
  const [owner = '', name = ''] = DEPLOYMENTS_REPOSITORY.split('/');
  const version = readOwnVersion();
  const given: GivenScaffoldOptions = { domain: 'localhost', implementation: 'other', monitoring: false };
  const place = { repository: { owner, name }, githubWebUrl: cloneUrl.replace(/\/$/, ''), version };
  const options = completeScaffoldOptions(place, given);
  const templates = readScaffoldFiles();
  return { ...proposeScaffold({ templates, options, given, version, record: undefined, present: {} }).files };
}

/**
 * What the placeholders of the scaffold stand for here.
 * @param cloneUrl base of the repositories as Argo CD clones them
 */
export function scaffoldValues(cloneUrl: string): Record<string, string> {
  return {
    REPOSITORY_URL: repositoryUrl(cloneUrl),
    DEPLOYMENTS_REPOSITORY,
    OWNER: ORGANIZATION,
    DOMAIN: 'localhost',
  };
}

function repositoryUrl(gitUrl: string): string {
  return `${gitUrl.replace(/\/$/, '')}/${DEPLOYMENTS_REPOSITORY}.git`;
}

function argoWebhookUrl(ports: SandboxPorts): string {
  return `http://127.0.0.1:${ports.kubernetes}/argocd/api/webhook`;
}
