import { COMMANDS_MAX, type Command, parseCommands } from '../domain/parse-commands.ts';
import { renderProblem } from '../domain/reports/problem-reply.ts';
import {
  type Reply,
  renderForkNeedsHead,
  renderHelp,
  renderNotHosted,
  renderRefusal,
  renderTooManyCommands,
} from '../domain/reports/replies.ts';
import type { RepositoryName } from '../domain/repository.ts';
import { UserError } from '../domain/user-error.ts';
import type { RepositoryPermission, SourceSnapshot } from '../ports/github.ts';
import type { Platform } from './platform.ts';
import { reportStatus } from './report-status.ts';
import { startRollout } from './start-rollout.ts';

export interface IssueComment {
  installationId: number;
  repository: RepositoryName;
  repositoryId: number;
  issue: number;
  isPullRequest: boolean;
  login: string;
  comment: { id: number; nodeId: string; url: string; createdAt: Date; body: string };
}

const MAY_COMMAND: readonly RepositoryPermission[] = ['admin', 'maintain', 'write'];

/**
 * Runs the commands of a comment in their order, for people with write access. A comment without commands costs no
 * request; a stranger gets one polite refusal per issue, however much they write.
 */
export async function runComment(platform: Platform, comment: IssueComment): Promise<void> {
  const { commands, unknown, tooMany } = parseCommands(comment.comment.body);
  if (commands.length === 0 && unknown.length === 0) return;
  const permission = await platform.permissions.permissionOf(comment.installationId, comment.repository, comment.login);
  if (!MAY_COMMAND.includes(permission)) {
    const command = commands[0];
    if (command) await refuse(platform, comment, command);
    return;
  }
  const key = String(comment.comment.id);
  if (unknown.length > 0) await answer(platform, comment, renderHelp({ key: `${key}:unknown`, unknown }), 'CONFUSED');
  if (tooMany) {
    const reply = renderTooManyCommands({ key: `${key}:many`, commandsMax: COMMANDS_MAX });
    await answer(platform, comment, reply, 'CONFUSED');
  }
  for (const [index, command] of commands.entries()) await runCommand(platform, comment, command, index);
}

async function refuse(platform: Platform, comment: IssueComment, command: Command): Promise<void> {
  const key = `refusal:${comment.repositoryId}:${comment.issue}:${comment.login}`;
  await answer(platform, comment, renderRefusal({ key, login: comment.login, command: `/${command.name}` }));
}

async function runCommand(platform: Platform, comment: IssueComment, command: Command, index: number): Promise<void> {
  const key = `${comment.comment.id}:${index}`;
  try {
    switch (command.name) {
      case 'help':
        return await answer(platform, comment, renderHelp({ key }), 'ROCKET');
      case 'status': {
        if (await reportStatus(platform, comment)) return;
        const reply = renderNotHosted({ key, command: '/status', ...previewOf(comment) });
        return await answer(platform, comment, reply, 'CONFUSED');
      }
      default:
        await startCommand(platform, comment, {
          command,
          kind: command.name === 'host' ? 'deploy' : command.name,
          index,
        });
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    platform.log.info({ code: error.code, command: command.name, comment: comment.comment.id }, 'Command was refused');
    await answer(platform, comment, renderRefusedCommand(key, comment, command, error), 'CONFUSED');
  }
}

function renderRefusedCommand(key: string, comment: IssueComment, command: Command, error: UserError): Reply {
  const { login } = comment;
  if (error.code === 'not-hosted') return renderNotHosted({ key, command: `/${command.name}`, ...previewOf(comment) });
  return error instanceof ForkHeadError
    ? renderForkNeedsHead({ key, login, head: error.head })
    : renderProblem({ key, login, error });
}

async function startCommand(
  platform: Platform,
  comment: IssueComment,
  { command, kind, index }: { command: Command; kind: 'deploy' | 'stop' | 'start' | 'delete'; index: number },
): Promise<void> {
  const { id, nodeId, url, createdAt } = comment.comment;
  await startRollout(platform, {
    kind,
    trigger: { kind: 'comment', commentId: id, commentNodeId: nodeId, issue: comment.issue, url },
    triggerKey: `comment:${id}:${index}`,
    triggeredAt: new Date(createdAt.getTime() + index),
    requestedBy: comment.login,
    installationId: comment.installationId,
    repository: comment.repository,
    repositoryId: comment.repositoryId,
    issue: comment.issue,
    ...previewOf(comment),
    ...(kind === 'deploy' ? { checkHead: (source) => checkHead(platform, comment, command, source) } : {}),
  });
}

/** A fork's head was pushed after the command was given, or nobody knows when. */
class ForkHeadError extends UserError {
  readonly head: string;

  constructor(head: string) {
    super(
      'fork-head-unconfirmed',
      `Cannot build ${head.slice(0, 7)}: it comes from a fork, expected someone with write access to name it`,
      `Read the commit, then comment /host ${head.slice(0, 7)}.`,
    );
    this.head = head;
  }
}

/** Shorter prefixes of a commit are too easily met by another one. */
const SHA_PREFIX = /^[0-9a-f]{7,40}$/;

async function checkHead(
  platform: Platform,
  comment: IssueComment,
  command: Command,
  source: SourceSnapshot,
): Promise<void> {
  const named = command.args[0]?.toLowerCase();
  if (named !== undefined && (!SHA_PREFIX.test(named) || !source.commitSha.startsWith(named))) {
    throw new UserError(
      'commit-not-head',
      `Cannot host \`${named.slice(0, 40)}\`: the head is \`${source.commitSha.slice(0, 7)}\`, expected the head's commit (7 digits or more)`,
      'Comment `/host` for the head as it is now.',
    );
  }
  const { pullRequest } = source;
  if (!pullRequest) return;
  if (pullRequest.state !== 'OPEN') {
    throw new UserError(
      'pull-request-closed',
      `Cannot host a preview of #${pullRequest.number}: it is ${pullRequest.state.toLowerCase()}, expected it open`,
      'Reopen the pull request, or comment `/host` on an issue to host the default branch.',
    );
  }
  if (!pullRequest.fork || named !== undefined) return;
  const seen = await platform.pullRequestHeads.firstSeen(comment.repositoryId, comment.issue, source.commitSha);
  if (!seen || seen > comment.comment.createdAt) throw new ForkHeadError(source.commitSha);
}

function previewOf(comment: IssueComment): { pullRequest?: number } {
  return comment.isPullRequest ? { pullRequest: comment.issue } : {};
}

/** Posts a reply once, however often its cause is delivered. */
async function answer(
  platform: Platform,
  comment: IssueComment,
  { marker, body }: Reply,
  content?: 'ROCKET' | 'CONFUSED',
): Promise<void> {
  const claim = await platform.replies.claim(marker);
  if (claim === 'sent') return;
  await platform.reports.reply({
    installationId: comment.installationId,
    repository: comment.repository,
    issue: comment.issue,
    marker,
    body,
    ...(content ? { reaction: { subjectId: comment.comment.nodeId, content } } : {}),
    retry: claim === 'unsent',
  });
  await platform.replies.confirm(marker);
}
