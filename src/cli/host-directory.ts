import { setTimeout as delay } from 'node:timers/promises';
import type { ToolSummary } from '../domain/hosted-server.ts';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import type { PullRequestRef } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';
import { readSetupFiles } from '../setup-files.ts';
import { refusalIn } from './bot-replies.ts';
import { ensureKey } from './ensure-key.ts';
import { followRollout, reasonOf, waitsFor } from './follow.ts';
import type { GitHubPerson, RemoteRepository } from './github-person.ts';
import type { ApiServer, HostingApi } from './hosting-api.ts';
import type { KeptKeys } from './kept-keys.ts';
import { type Published, publishDirectory } from './publish-directory.ts';
import { chooseRepositoryName } from './repository-name.ts';
import type { RolloutProgress } from './rollout-progress.ts';
import type { StageLines } from './stage-lines.ts';

export interface HostDirectoryOptions {
  directory: string;
  /** Name of the repository; default: the package's, else the directory's. */
  name?: string;
  /** Default: the owner of the deployments repository. */
  owner?: string;
  private: boolean;
  /** Merge the deployment pull request as the person. */
  merge: boolean;
  deploymentsRepository: RepositoryName;
  githubToken: string;
  /** Base of git addresses; default: what GitHub calls the clone address. */
  gitUrl?: string;
  api: HostingApi;
  github: GitHubPerson;
  /** Absent: a key that is made is shown once and not kept. */
  keptKeys?: KeptKeys;
  /** Of the process: git takes PATH and proxies from it. */
  env: NodeJS.ProcessEnv;
  sleep?: (ms: number) => Promise<unknown>;
}

export interface HostedDirectory {
  /** `waiting`: for a person to merge `waitsFor`. */
  state: 'running' | 'waiting';
  repository: RepositoryName;
  repositoryUrl: string;
  issueUrl: string;
  serverId: string;
  endpointUrl: string;
  /** null for a public server, while it is not running, and where keys were made before that are not kept here. */
  key: string | null;
  isPublic: boolean;
  tools: readonly ToolSummary[];
  pullRequestUrl: string | null;
  waitsFor: PullRequestRef | null;
  rollout: RolloutProgress;
}

const ISSUE_TITLE = 'Host this server';
const ISSUE_BODY = 'The commands that host this server are given here, and mcp-hosting answers here.';

/** Not everyone who hosts may read the deployments repository; GitHub names the first branch so. */
const UNREADABLE_DEFAULT_BRANCH = 'main';

/** Looks for the rollout of a push before `/host` is given all the same: about 10 s, for a webhook that was lost. */
const PUSH_UNHEARD_LOOKS_MAX = 40;

/**
 * Hosts a directory as a person would: pushes it as a server repository, comments `/host` on its issue, follows the
 * rollout, and merges its pull request. Every step finds what an earlier run made, so that it may be run again. A push
 * that rolls itself out needs no `/host`, which would begin the same once more.
 * @param lines hears of every step; a warning names files that were left out
 * @throws UserError `rollout-failed`, `host-refused`, and those of the steps
 */
export async function hostDirectory(options: HostDirectoryOptions, lines: StageLines): Promise<HostedDirectory> {
  const { directory, github, api, deploymentsRepository } = options;
  const owner = options.owner ?? deploymentsRepository.owner;
  const repository = await chooseRepositoryName({
    directory,
    owner,
    ...(options.name === undefined ? {} : { name: options.name }),
  });
  const followsPushes = await isRolledOutByPushes(api, repository);
  const { remote, published } = await publish(options, repository, lines);
  const issue = await github.ensureIssue(repository, { title: ISSUE_TITLE, body: ISSUE_BODY });
  const command = createHostCommand(options, repository, issue.number, lines);
  if (!published.pushed || !followsPushes) await command.give();
  let looks = 0;
  const key = lazyKey(options);
  const rollout = await followRollout({
    read: async () => {
      const found = await readRollout(api, repository, { commitSha: published.commitSha, givenAt: command.givenAt() });
      // Pods read it when they start, so it works as soon as they do.
      if (found && options.merge) await key(found.serverId).catch(() => undefined);
      return found;
    },
    lines,
    sleep: options.sleep ?? delay,
    ...(options.merge ? { merge: (pullRequest) => github.merge(pullRequest) } : {}),
    whileAbsent: async () => {
      looks += 1;
      if (command.givenAt()) await command.throwIfRefused();
      else if (looks >= PUSH_UNHEARD_LOOKS_MAX) await command.give();
    },
  });
  lines.stop();
  return await summarize(options, { repository, remote, issueUrl: issue.url, rollout, key });
}

type ReadKey = (serverId: string) => Promise<string | null>;

/** The key once for the whole run; after a failure it is asked for again. */
function lazyKey({ api, keptKeys }: HostDirectoryOptions): ReadKey {
  let made: Promise<string | null> | undefined;
  return (serverId) => {
    made ??= ensureKey(api, serverId, keptKeys).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** `/host` in an issue, and what comes of it. */
function createHostCommand(
  { github }: HostDirectoryOptions,
  repository: RepositoryName,
  issue: number,
  lines: StageLines,
) {
  let comment: { id: number; createdAt: Date } | undefined;
  return {
    givenAt: () => comment?.createdAt,
    async give() {
      comment = await github.comment(repository, issue, '/host');
      lines.note(`/host on ${fullName(repository)}#${issue}`);
    },
    async throwIfRefused() {
      const refusal = comment && refusalIn(await github.answersSince(repository, issue, comment));
      if (!refusal) return;
      throw new UserError('host-refused', `Cannot host ${fullName(repository)}: ${refusal}`, 'See the issue.');
    },
  };
}

async function publish(
  options: HostDirectoryOptions,
  repository: RepositoryName,
  lines: StageLines,
): Promise<{ remote: RemoteRepository; published: Published }> {
  const startedMs = performance.now();
  lines.start('pushing', fullName(repository));
  const { login, id } = await options.github.login();
  const deployments = options.deploymentsRepository;
  const deploymentsBranch = (await options.github.defaultBranch(deployments)) ?? UNREADABLE_DEFAULT_BRANCH;
  const remote = await options.github.ensureRepository(repository, { private: options.private });
  const published = await publishDirectory({
    directory: options.directory,
    remoteUrl: options.gitUrl ? `${options.gitUrl}/${fullName(repository)}.git` : remote.cloneUrl,
    branch: remote.defaultBranch,
    token: options.githubToken,
    identity: { name: login, email: `${id}+${login}@users.noreply.github.com` },
    message: remote.created ? 'Add the server' : 'Update the server',
    extraFiles: readSetupFiles(deployments, deploymentsBranch),
    env: options.env,
  });
  lines.succeed({
    label: published.pushed ? 'pushed' : 'unchanged',
    durationMs: performance.now() - startedMs,
    detail: `${fullName(repository)} ${published.commitSha.slice(0, 7)}${remote.created ? ', a new repository' : ''}`,
  });
  warnOfOmissions(published, lines);
  return { remote, published };
}

function warnOfOmissions({ collected }: Published, lines: StageLines): void {
  if (collected.secrets.length > 0) {
    lines.note(
      `Left out, since they look like credentials: ${shown(collected.secrets)}. Name the variables under env in .mcp-hosting.yml, and set the values by mcp-hosting secrets set.`,
    );
  }
  if (collected.unusable.length > 0) {
    lines.note(`Left out, since git cannot carry them: ${shown(collected.unusable)}.`);
  }
}

/** A push to the repository of a hosted server rolls it out, unless it is stopped. */
async function isRolledOutByPushes(api: HostingApi, repository: RepositoryName): Promise<boolean> {
  const server = await findServer(api, repository);
  return server !== undefined && server.status !== 'stopped';
}

/** The newest rollout of the repository's production server, when our command or else our push asked for it. */
async function readRollout(
  api: HostingApi,
  repository: RepositoryName,
  { commitSha, givenAt }: { commitSha: string; givenAt: Date | undefined },
): Promise<RolloutProgress | undefined> {
  const server = await findServer(api, repository);
  if (!server) return undefined;
  const { rollout } = await api.readStatus(server.serverId);
  if (!rollout) return undefined;
  const own = givenAt
    ? Date.parse(rollout.triggeredAt) >= givenAt.getTime()
    : rollout.kind === 'deploy' && rollout.source.commitSha === commitSha;
  return own ? rollout : undefined;
}

async function findServer(api: HostingApi, repository: RepositoryName): Promise<ApiServer | undefined> {
  const wanted = fullName(repository).toLowerCase();
  return (await api.listServers()).find(
    ({ source }) => source.repository.toLowerCase() === wanted && source.pullRequest === undefined,
  );
}

async function summarize(
  { api }: HostDirectoryOptions,
  made: {
    repository: RepositoryName;
    remote: RemoteRepository;
    issueUrl: string;
    rollout: RolloutProgress;
    key: ReadKey;
  },
): Promise<HostedDirectory> {
  const { rollout } = made;
  const waiting = waitsFor(rollout);
  if (rollout.stage !== 'succeeded' && !waiting) throw rolloutFailed(rollout);
  const running = rollout.stage === 'succeeded';
  const server = await api.readServer(rollout.serverId);
  return {
    state: running ? 'running' : 'waiting',
    repository: made.repository,
    repositoryUrl: made.remote.url,
    issueUrl: made.issueUrl,
    serverId: rollout.serverId,
    endpointUrl: server.endpointUrl,
    key: running ? await made.key(rollout.serverId) : null,
    isPublic: server.deployed?.access === 'public',
    tools: rollout.verification?.tools ?? server.tools ?? [],
    pullRequestUrl: rollout.proposal?.url ?? null,
    waitsFor: waiting ?? null,
    rollout,
  };
}

/** The stage that failed and why, for stderr and the exit code. */
export function rolloutFailed(rollout: RolloutProgress): UserError {
  const during = rollout.stages.findLast(({ stage }) => stage !== rollout.stage)?.stage;
  return new UserError(
    'rollout-failed',
    `Cannot ${rollout.kind} ${rollout.serverId}: it ${rollout.stage === 'cancelled' ? 'was cancelled' : 'failed'}${during ? ` while ${during}` : ''}: ${reasonOf(rollout)}`,
    rollout.failure?.hint ?? 'Give the command again.',
  );
}

function shown(paths: readonly string[]): string {
  const SHOWN_MAX = 10;
  const rest = paths.length - SHOWN_MAX;
  return `${paths.slice(0, SHOWN_MAX).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
