import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { type GitHubOptions, type GitHubSandbox, startGitHub } from '../../sandbox/github/github-server.ts';
import { freePorts } from '../e2e/free-ports.ts';

interface ReceivedWebhook {
  event: string;
  delivery: string;
  headers: IncomingHttpHeaders;
  text: string;
  payload: Answer;
}

export interface TestGitHub extends GitHubSandbox {
  person: Octokit;
  /** As the App's installation on acme. */
  app: Octokit;
  /** As the App itself, by JWT. */
  appJwt: Octokit;
  /** What the sandbox logged. */
  lines: string[];
  webhooks: ReceivedWebhook[];
  /** Answer of the App's webhook receiver from now on. */
  setWebhookStatus(status: number): void;
  /** Resolves with the first webhook, come or coming, that fits. */
  webhook(event: string, matches?: (payload: ReceivedWebhook['payload']) => boolean): Promise<ReceivedWebhook>;
  control(method: string, path: string, body?: object): Promise<{ status: number; body: Answer }>;
  octokit(token: string): Octokit;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const WEBHOOK_SECRET = 'it is a secret to everybody';

/** A sandbox GitHub with organisation acme, person you, and the App mcp-hosting with a receiver that remembers. */
export async function startTestGitHub(more: Partial<GitHubOptions> = {}): Promise<TestGitHub> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-github-'));
  const receiver = await startReceiver();
  const lines: string[] = [];
  const start = (port: number): Promise<GitHubSandbox> =>
    startGitHub({
      port,
      dataDir,
      organization: 'acme',
      login: 'you',
      app: { id: 4711, slug: 'mcp-hosting', webhookUrl: receiver.url, webhookSecret: WEBHOOK_SECRET },
      log: (line) => lines.push(line),
      ...more,
    });
  // One that nobody is given in between, as it is started again there.
  let sandbox = await start(await freePorts());
  const octokit = (token: string): Octokit => new Octokit({ baseUrl: sandbox.url, auth: token, log: SILENT });
  const appAuth = { appId: sandbox.appId, privateKey: sandbox.privateKeyPem };
  const appJwt = new Octokit({ baseUrl: sandbox.url, authStrategy: createAppAuth, auth: appAuth, log: SILENT });
  const { data: installation } = await appJwt.request('GET /orgs/{org}/installation', { org: 'acme' });
  const auth = { ...appAuth, installationId: installation.id };
  return {
    ...sandbox,
    person: octokit(sandbox.userToken),
    app: new Octokit({ baseUrl: sandbox.url, authStrategy: createAppAuth, auth, log: SILENT }),
    appJwt,
    octokit,
    lines,
    webhooks: receiver.webhooks,
    webhook: receiver.webhook,
    setWebhookStatus: receiver.setStatus,
    control: (method, path, body) => control(sandbox.url, method, path, body),
    restart: async () => {
      await sandbox.close();
      sandbox = await start(Number(new URL(sandbox.url).port));
    },
    stop: async () => {
      await sandbox.close();
      await receiver.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field, and a wrong field fails the test.
export type Answer = any;

/** The whole GraphQL answer: data beside errors. */
export async function graphql(github: TestGitHub, token: string, query: string, variables = {}): Promise<Answer> {
  const answer = await fetch(github.graphqlUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

/** A token of the App's installation on acme. */
export async function installationToken(github: TestGitHub, more = {}): Promise<string> {
  const { data: installation } = await github.appJwt.rest.apps.getOrgInstallation({ org: 'acme' });
  const { data } = await github.appJwt.rest.apps.createInstallationAccessToken({
    installation_id: installation.id,
    ...more,
  });
  return data.token;
}

/** Puts a file on a branch of acme/<repo> by REST, as the person. @returns the commit */
export async function putFile(
  github: TestGitHub,
  file: { repo: string; path: string; content: string; branch?: string; sha?: string },
): Promise<string> {
  const { content, ...rest } = file;
  const { data } = await github.person.rest.repos.createOrUpdateFileContents({
    owner: 'acme',
    message: `Write ${file.path}`,
    content: Buffer.from(content).toString('base64'),
    ...rest,
  });
  return data.commit.sha ?? '';
}

/** A branch of acme/<repo> with one file more than main. @returns its head */
export async function createBranch(github: TestGitHub, repo: string, branch: string, path = `${branch}.txt`) {
  const { data } = await github.person.rest.git.getRef({ owner: 'acme', repo, ref: 'heads/main' });
  await github.person.rest.git.createRef({ owner: 'acme', repo, ref: `refs/heads/${branch}`, sha: data.object.sha });
  return putFile(github, { repo, path, content: `${branch}\n`, branch });
}

/** Ends a test file: nothing it sent or got was against GitHub's schemas. */
export async function stopWithoutViolations(github: TestGitHub): Promise<void> {
  const { body } = await github.control('GET', '/violations');
  await github.stop();
  if ((body as unknown[]).length > 0) throw new Error(`GitHub schema violations: ${JSON.stringify(body, null, 2)}`);
}

/** A repository of acme with a README, as a newcomer has it. */
export async function createTestRepository(github: TestGitHub, name: string): Promise<void> {
  await github.person.rest.repos.createInOrg({ org: 'acme', name, auto_init: true });
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function control(url: string, method: string, path: string, body?: object) {
  const answer = await fetch(`${url}/_sandbox${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

async function startReceiver() {
  const webhooks: ReceivedWebhook[] = [];
  const waiting = new Set<() => void>();
  let status = 200;
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.writeHead(status).end();
    webhooks.push({
      event: String(request.headers['x-github-event']),
      delivery: String(request.headers['x-github-delivery']),
      headers: request.headers,
      text,
      payload: JSON.parse(text),
    });
    for (const check of [...waiting]) check();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/github/webhooks`,
    webhooks,
    setStatus: (next: number): void => {
      status = next;
    },
    webhook: (event: string, matches: (payload: ReceivedWebhook['payload']) => boolean = () => true) =>
      new Promise<ReceivedWebhook>((resolve) => {
        const check = (): void => {
          const found = webhooks.find((one) => one.event === event && matches(one.payload));
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
