import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { bareRepositoryDir } from './git/bare-repository.ts';
import type { Mutex } from './git/mutex.ts';
import type { WorkflowRuns } from './model/workflow-runs.ts';
import type { LogUrls } from './rest/log-urls.ts';
import type { Account, Repository } from './store/entities.ts';
import type { Store } from './store/store.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

/** What every part of the sandbox's GitHub works on. */
export interface Hub {
  /** Base of the REST API, the pages and git alike, without a slash at the end. */
  url: string;
  store: Store;
  webhooks: Webhooks;
  runs: WorkflowRuns;
  /** One change of refs at a time in a repository, by its id. */
  refLock: Mutex;
  logUrls: LogUrls;
  app: HubApp;
  log: (line: string) => void;
  /** ISO 8601, to the second, as GitHub writes it. */
  now(): string;
}

export interface HubApp {
  id: number;
  slug: string;
  name: string;
  ownerId: number;
  /** The account `<slug>[bot]` that acts for it. */
  botId: number;
  publicKey: KeyObject;
  permissions: Record<string, 'read' | 'write'>;
  events: string[];
  createdAt: string;
}

/** The account that acts for workflow runs; its id is the one on github.com. */
export const ACTIONS_BOT = { id: 41_898_282, login: 'github-actions[bot]' } as const;

/** GitHub's own account in commits that it makes itself. */
export const WEB_FLOW = { name: 'GitHub', email: 'noreply@github.com' } as const;

export function gitDirOf(hub: Hub, repository: Repository): string {
  return bareRepositoryDir(hub.store.dir, repository.id);
}

export function tmpDirOf(hub: Hub): string {
  return join(hub.store.dir, 'tmp');
}

export function ownerOf(hub: Hub, repository: Repository): Account {
  return hub.store.account(repository.ownerId);
}

export function fullNameOf(hub: Hub, repository: Repository): string {
  return `${ownerOf(hub, repository).login}/${repository.name}`;
}
