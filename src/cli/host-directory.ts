import { setTimeout as delay } from 'node:timers/promises';
import type { ToolSummary } from '../domain/hosted-server.ts';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import type { PullRequestRef } from '../domain/rollout.ts';
import { UserError } from '../domain/user-error.ts';
import { readSetupFiles } from '../setup-files.ts';
import { refusalIn } from './bot-replies.ts';
import { followRollout, reasonOf, waitsFor } from './follow.ts';
import type { GitHubPerson, RemoteRepository } from './github-person.ts';
import type { HostingApi } from './hosting-api.ts';
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
  /** null for a public server, and while it is not running. */
  key: string | null;
  tools: readonly ToolSummary[];
  pullRequestUrl: string | null;
  waitsFor: PullRequestRef | null;
  rollout: RolloutProgress;
}

const ISSUE_TITLE = 'Host this server';
const ISSUE_BODY = 'The commands that host this server are given here, and mcp-hosting answers here.';
/**
 * Hosts a directory as a person would: pushes it as a server repository, comments `/host` on its issue, follows the
 * rollout, and merges its pull request. Every step finds what an earlier run made, so that it may be run again.
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
  const remote = await publish(options, repository, lines);
  const issue = await github.ensureIssue(repository, { title: ISSUE_TITLE, body: ISSUE_BODY });
  const comment = await github.comment(repository, issue.number, '/host');
  lines.note(`/host on ${fullName(repository)}#${issue.number}`);
  const rollout = await followRollout({
    read: () => readRollout(api, repository, comment.createdAt),
    lines,
    sleep: options.sleep ?? delay,
    ...(options.merge ? { merge: (pullRequest) => github.merge(pullRequest) } : {}),
    whileAbsent: async () => {
      const refusal = refusalIn(await github.answersSince(repository, issue.number, comment));
      if (refusal)
        throw new UserError('host-refused', `Cannot host ${fullName(repository)}: ${refusal}`, 'See the issue.');
    },
  });
  lines.stop();
  return await summarize(options, { repository, remote, issueUrl: issue.url, rollout });
}

async function publish(
  options: HostDirectoryOptions,
  repository: RepositoryName,
  lines: StageLines,
): Promise<RemoteRepository> {
  const startedMs = performance.now();
  lines.start('pushing', fullName(repository));
  const { login, id } = await options.github.login();
  const remote = await options.github.ensureRepository(repository, { private: options.private });
  const published = await publishDirectory({
    directory: options.directory,
    remoteUrl: options.gitUrl ? `${options.gitUrl}/${fullName(repository)}.git` : remote.cloneUrl,
    branch: remote.defaultBranch,
    token: options.githubToken,
    identity: { name: login, email: `${id}+${login}@users.noreply.github.com` },
    message: remote.created ? 'Add the server' : 'Update the server',
    extraFiles: readSetupFiles(options.deploymentsRepository),
    env: options.env,
  });
  lines.succeed({
    label: published.pushed ? 'pushed' : 'unchanged',
    durationMs: performance.now() - startedMs,
    detail: `${fullName(repository)} ${published.commitSha.slice(0, 7)}${remote.created ? ', a new repository' : ''}`,
  });
  warnOfOmissions(published, lines);
  return remote;
}

function warnOfOmissions({ collected }: Published, lines: StageLines): void {
  if (collected.secrets.length > 0) {
    lines.note(
      `Left out, since they look like credentials: ${shown(collected.secrets)}. Name the variables under env in .mcp-hosting.yml, and put the values into the server's Secret.`,
    );
  }
  if (collected.unusable.length > 0) {
    lines.note(`Left out, since git cannot carry them: ${shown(collected.unusable)}.`);
  }
}

/** The newest rollout of the repository's production server, when it was asked for by our comment or later. */
async function readRollout(
  api: HostingApi,
  repository: RepositoryName,
  since: Date,
): Promise<RolloutProgress | undefined> {
  const servers = await api.listServers();
  const wanted = fullName(repository).toLowerCase();
  const server = servers.find(
    (found) => found.source.repository.toLowerCase() === wanted && found.source.pullRequest === undefined,
  );
  if (!server) return undefined;
  const { rollout } = await api.readStatus(server.serverId);
  return rollout && Date.parse(rollout.triggeredAt) >= since.getTime() ? rollout : undefined;
}

async function summarize(
  { api }: HostDirectoryOptions,
  made: { repository: RepositoryName; remote: RemoteRepository; issueUrl: string; rollout: RolloutProgress },
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
    key: running ? await api.readKey(rollout.serverId) : null,
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
