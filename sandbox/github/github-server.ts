import { createPublicKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkflowRunner } from '../actions/workflow-runner.ts';
import { Faults } from './control/faults.ts';
import { RequestLog } from './control/request-log.ts';
import { Violations } from './control/violations.ts';
import { Mutex } from './git/mutex.ts';
import { GraphqlExecutor } from './graphql/executor.ts';
import { type HandlerParts, handleRequest } from './http/request-handler.ts';
import { ACTIONS_BOT, type Hub, type HubApp } from './hub.ts';
import { addPersonToken, ensureAccount, ensureInstallation } from './model/accounts.ts';
import { WorkflowRuns } from './model/workflow-runs.ts';
import { LogUrls } from './rest/log-urls.ts';
import { Router } from './rest/router.ts';
import { restRoutes } from './rest/routes.ts';
import { loadSecrets } from './store/secrets.ts';
import { Store } from './store/store.ts';
import { OpenApiValidator } from './validation/openapi-validator.ts';
import { Webhooks } from './webhooks/webhooks.ts';

export interface GitHubOptions {
  /** 0: any free one. */
  port: number;
  dataDir: string;
  organization: string;
  /** The person who owns the organization. */
  login: string;
  app: {
    id: number;
    slug: string;
    webhookUrl: string;
    webhookSecret: string;
    /** As in a manifest's `default_permissions`; everything that a hosting App could want unless told. */
    permissions?: Record<string, 'read' | 'write'>;
    /** As in a manifest's `default_events`. */
    events?: string[];
  };
  /** Without one, workflow runs stay queued. */
  runner?: WorkflowRunner;
  log: (line: string) => void;
}

export interface GitHubSandbox {
  /** Base of the REST API and of the pages. */
  url: string;
  graphqlUrl: string;
  /** Base of git addresses: `<gitUrl>/<owner>/<name>.git`. */
  gitUrl: string;
  userToken: string;
  appId: number;
  privateKeyPem: string;
  close(): Promise<void>;
}

const PERMISSIONS: Record<string, 'read' | 'write'> = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
  workflows: 'write',
};

const EVENTS = [
  'check_run',
  'issue_comment',
  'issues',
  'merge_group',
  'pull_request',
  'push',
  'repository_dispatch',
  'workflow_run',
];

/** Longer than clients keep a connection: one that is closed while a request is on its way looks like an outage. */
const KEEP_ALIVE_MS = 65_000;

/** A GitHub on this machine, listening on 127.0.0.1 only; see README.md for what it serves. */
export async function startGitHub(options: GitHubOptions): Promise<GitHubSandbox> {
  const store = new Store(options.dataDir);
  const secrets = loadSecrets(options.dataDir);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  const url = await listen(server, options.port);
  const app = prepareAccounts(store, options, createPublicKey(secrets.privateKeyPem));
  const person = ensureAccount(store, { login: options.login, type: 'User', now: now() });
  if (!store.token(secrets.userToken)) addPersonToken(store, person, secrets.userToken);
  const hub: Hub = {
    url,
    store,
    app,
    webhooks: new Webhooks({
      store,
      appHook: { appId: app.id, url: options.app.webhookUrl, secret: options.app.webhookSecret, events: app.events },
      log: options.log,
    }),
    runs: new WorkflowRuns(options.runner),
    refLock: new Mutex(),
    logUrls: new LogUrls(url),
    log: options.log,
    now,
  };
  store.flush();
  serve(server, hub);
  hub.runs.resume(hub);
  return {
    url,
    graphqlUrl: `${url}/graphql`,
    gitUrl: url,
    userToken: secrets.userToken,
    appId: app.id,
    privateKeyPem: secrets.privateKeyPem,
    close: () => close(server, hub),
  };
}

function serve(server: Server, hub: Hub): void {
  const parts: HandlerParts = {
    hub,
    router: new Router(restRoutes),
    graphql: new GraphqlExecutor(),
    validator: new OpenApiValidator(),
    requests: new RequestLog(),
    faults: new Faults(),
    violations: new Violations(hub.log),
  };
  server.on('request', (incoming, outgoing) => {
    // Whoever sent the request learns of a failure by the status; nothing is left to catch here.
    void handleRequest(parts, incoming, outgoing);
  });
}

function prepareAccounts(store: Store, options: GitHubOptions, publicKey: HubApp['publicKey']): HubApp {
  const created = now();
  const person = ensureAccount(store, { login: options.login, type: 'User', now: created });
  const organization = ensureAccount(store, { login: options.organization, type: 'Organization', now: created });
  if (!organization.ownerIds.includes(person.id)) organization.ownerIds.push(person.id);
  const bot = ensureAccount(store, { login: `${options.app.slug}[bot]`, type: 'Bot', now: created });
  ensureAccount(store, { ...ACTIONS_BOT, type: 'Bot', now: created });
  store.touchDirectory();
  const permissions = { metadata: 'read' as const, ...(options.app.permissions ?? PERMISSIONS) };
  ensureInstallation(store, { accountId: organization.id, permissions, now: created });
  return {
    id: options.app.id,
    slug: options.app.slug,
    name: options.app.slug,
    ownerId: organization.id,
    botId: bot.id,
    publicKey,
    permissions,
    events: options.app.events ?? EVENTS,
    createdAt: bot.createdAt,
  };
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+/, '');
}

/** @throws the error of `listen`, EADDRINUSE above all */
function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function close(server: Server, hub: Hub): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await hub.runs.close();
  await hub.webhooks.close();
  server.closeAllConnections();
  await closed;
  hub.store.flush();
}
