import type { DeploymentsSnapshot } from '../domain/deployments-snapshot.ts';
import type { HostedServer, ServerSource } from '../domain/hosted-server.ts';
import { hostedServerChange } from '../domain/hosted-server-change.ts';
import { fullName, type RepositoryName } from '../domain/repository.ts';
import type { Rollout, RolloutKind, RolloutTrigger } from '../domain/rollout.ts';
import { GITHUB_DEADLINE_MS, REPORT_DEADLINE_MS } from '../domain/rollout-limits.ts';
import type { ServerConfig } from '../domain/server-config.ts';
import { createServerId } from '../domain/server-id.ts';
import { compareRollouts } from '../domain/supersede-rollouts.ts';
import { triggerTime } from '../domain/trigger-time.ts';
import { UserError } from '../domain/user-error.ts';
import type { SourceSnapshot } from '../ports/github.ts';
import { type BuildPlan, planBuild } from './plan-build.ts';
import type { Platform } from './platform.ts';
import { endpointUrlOf, imageOf } from './server-names.ts';
import { settledStatus } from './settled-status.ts';

export interface RolloutRequest {
  kind: RolloutKind;
  trigger: RolloutTrigger;
  /** The same for a repeat of the same wish: `comment:123:0`, `delivery:<guid>`. */
  triggerKey: string;
  triggeredAt: Date;
  requestedBy: string;
  installationId: number;
  repository: RepositoryName;
  repositoryId: number;
  /** Where the sticky comment goes. */
  issue?: number;
  /** The preview of this pull request instead of the production server. */
  pullRequest?: number;
  conversationId?: string;
  /** The id the rollout gets; default: a new one. */
  rolloutId?: string;
  /** Refuses the head that was read, by throwing a UserError. */
  checkHead?: (source: SourceSnapshot) => Promise<void>;
}

export type StartOutcome =
  | { kind: 'started'; serverId: string; rolloutId: string }
  /** The same wish was heard before, or the same commit is on its way or deployed already. */
  | { kind: 'known'; serverId: string };

/**
 * Reads what the rollout needs (one request), stores it, and enqueues its first step.
 * @throws UserError where the person must mend something first; nothing is stored then.
 */
export function startRollout(platform: Platform, request: RolloutRequest): Promise<StartOutcome> {
  return platform.serverLock.withLock(`repository:${request.repositoryId}`, () => start(platform, request));
}

async function start(platform: Platform, request: RolloutRequest): Promise<StartOutcome> {
  refuseDeploymentsRepository(platform, request);
  const known = await platform.hostedServers.findBySource(request.repositoryId, request.pullRequest ?? null);
  if (!known && request.kind !== 'deploy') throw notHosted(request);
  const issue = request.issue ?? known?.source.homeIssue ?? request.pullRequest;
  const { source, deployments } = await platform.snapshots.readBoth({
    installationId: request.installationId,
    repository: request.repository,
    ...(issue === undefined ? {} : { issue }),
    ...(known ? { serverId: known.serverId } : {}),
  });
  refuseOtherRepository(request, source);
  await request.checkHead?.(source);
  if (known && (await isKnownCommit(platform, request, known.serverId, source.commitSha))) {
    return { kind: 'known', serverId: known.serverId };
  }
  const parts = { request, source, deployments, known, issue };
  const plan = planBuild(source, deployments, platform.settings);
  // A preview gets none of the domains of its server.
  if (request.kind !== 'deploy' || request.pullRequest !== undefined || !plan.config.domains) {
    return store(platform, parts, plan);
  }
  return platform.serverLock.withLock('custom-domains', async () => {
    const takenDomains = await domainsOfOthers(platform, known?.serverId);
    return store(platform, parts, planBuild(source, deployments, { ...platform.settings, takenDomains }));
  });
}

/** Custom domains that a server cannot have, since others have them or are about to. */
export async function domainsOfOthers(platform: Platform, serverId: string | undefined): Promise<string[]> {
  const claims = await platform.hostedServers.claimedDomains();
  return claims.filter((claim) => claim.serverId !== serverId).map(({ domain }) => domain);
}

async function store(
  platform: Platform,
  parts: Omit<RolloutParts, 'plan' | 'server' | 'newest'> & { known: HostedServer | undefined },
  plan: BuildPlan,
): Promise<StartOutcome> {
  const { request, source, known } = parts;
  const server = known ?? (await createServer(platform, request, source, plan.config));
  const newest = await platform.rollouts.newest(server.serverId);
  const rollout = await composeRollout(platform, { ...parts, plan, server, newest });
  const isNewest = !newest || compareRollouts(rollout, newest) > 0;
  const settled = await settledStatus(platform, server.serverId);
  const change = isNewest ? { ...hostedServerChange(rollout, settled), source: sourceChange(request, source) } : {};
  const started = await platform.rollouts.start(rollout, request.triggerKey, change);
  return started
    ? { kind: 'started', serverId: server.serverId, rolloutId: rollout.id }
    : { kind: 'known', serverId: server.serverId };
}

/** Its pull requests are the bot's own words: as a server repository it would be told by them what to do. */
function refuseDeploymentsRepository({ settings }: Platform, { repository, kind }: RolloutRequest): void {
  if (fullName(repository).toLowerCase() !== fullName(settings.deploymentsRepository).toLowerCase()) return;
  throw new UserError(
    'deployments-repository',
    `Cannot ${kind} ${fullName(repository)}: it is the deployments repository, expected a server repository`,
    'Name the repository that holds the server.',
  );
}

/** A repository that was renamed or removed may have left its name to another one. */
function refuseOtherRepository({ repository, repositoryId, kind }: RolloutRequest, source: SourceSnapshot): void {
  if (source.repositoryId === repositoryId) return;
  throw new UserError(
    'repository-replaced',
    `Cannot ${kind} ${fullName(repository)}: another repository has this name now, expected the one that was hosted`,
    'Comment the command in the repository itself.',
  );
}

/** A push tells of a commit that a comment, or the push before it, brought on its way already. */
async function isKnownCommit(
  platform: Platform,
  { kind, trigger }: RolloutRequest,
  serverId: string,
  commitSha: string,
): Promise<boolean> {
  if (kind !== 'deploy' || (trigger.kind !== 'push' && trigger.kind !== 'pull-request')) return false;
  const newest = await platform.rollouts.newest(serverId);
  return newest?.source.commitSha === commitSha;
}

async function createServer(
  platform: Platform,
  request: RolloutRequest,
  source: SourceSnapshot,
  config: ServerConfig,
): Promise<HostedServer> {
  const base = config.name ?? request.repository.name;
  const serverName = request.pullRequest === undefined ? base : `${base} #${request.pullRequest}`;
  const slugName = request.pullRequest === undefined ? base : `${base}-pr-${request.pullRequest}`;
  const serverId = createServerId({ name: slugName, randomBytes: platform.randomBytes });
  return platform.hostedServers.create({
    serverId,
    serverName: serverName.slice(0, 100),
    description: null,
    conversationId: request.conversationId ?? null,
    dockerImage: imageOf(platform.settings, request.repository, serverId),
    k8sNamespace: platform.settings.serversNamespace,
    endpointUrl: endpointUrlOf(platform.settings, serverId),
    source: {
      repository: request.repository,
      repositoryId: request.repositoryId,
      installationId: request.installationId,
      defaultBranch: source.defaultBranch,
      ...(request.pullRequest === undefined ? {} : { pullRequest: request.pullRequest }),
      ...(request.issue === undefined ? {} : { homeIssue: request.issue }),
    },
  });
}

interface RolloutParts {
  request: RolloutRequest;
  source: SourceSnapshot;
  deployments: DeploymentsSnapshot;
  plan: BuildPlan;
  server: HostedServer;
  issue: number | undefined;
  newest: Rollout | undefined;
}

async function composeRollout(platform: Platform, parts: RolloutParts): Promise<Rollout> {
  const { request, source, deployments, plan, server, issue, newest } = parts;
  const now = platform.now();
  const at = now.toISOString();
  const failure = request.kind === 'deploy' ? plan.failure : undefined;
  const image =
    request.kind === 'deploy' ? imageOf(platform.settings, request.repository, server.serverId) : server.dockerImage;
  const digest =
    request.kind === 'deploy' && !failure ? await digestOf(platform, server, { source, plan, image }) : undefined;
  const deployed = server.source.deployed;
  return {
    id: request.rolloutId ?? platform.uuid(),
    hostedServerId: server.id,
    serverId: server.serverId,
    serverName: plan.config.name ?? server.serverName,
    kind: request.kind,
    stage: failure ? 'failed' : 'accepted',
    trigger: request.trigger,
    triggeredAt: triggerTime(request.trigger, request.triggeredAt, newest),
    requestedBy: request.requestedBy,
    source: {
      repository: request.repository,
      repositoryNodeId: source.repositoryNodeId,
      installationId: request.installationId,
      defaultBranch: source.defaultBranch,
      commitSha: source.commitSha,
      ...(source.refId ? { refId: source.refId } : {}),
      ...(request.pullRequest === undefined ? {} : { pullRequest: request.pullRequest }),
    },
    ...(issue !== undefined && source.issueNodeId ? { issue, issueNodeId: source.issueNodeId } : {}),
    endpointUrl: endpointUrlOf(platform.settings, server.serverId),
    imageRepository: image,
    config: plan.config,
    runtime: plan.runtime,
    configProblems: request.kind === 'deploy' ? plan.configProblems : [],
    needsSetup: request.kind === 'deploy' && !source.workflowPresent,
    mergePolicy: plan.mergePolicy,
    snapshot: deployments,
    ...(digest ? { digest } : {}),
    ...(request.kind === 'start' && deployed ? { digest: deployed.digest } : {}),
    ...(failure ? { failure } : {}),
    reports: await knownComment(platform, server.serverId, issue),
    stages: [{ stage: failure ? 'failed' : 'accepted', at }],
    deadlineAt: new Date(now.getTime() + (failure ? REPORT_DEADLINE_MS : GITHUB_DEADLINE_MS)).toISOString(),
  };
}

/** The image of the same commit built in the same way, so that a second `/host` does not build again. */
async function digestOf(
  platform: Platform,
  server: HostedServer,
  { source, plan, image }: { source: SourceSnapshot; plan: BuildPlan; image: string },
): Promise<string | undefined> {
  const built = await platform.rollouts.newestSucceeded(server.serverId, ['deploy']);
  if (!built || built.source.commitSha !== source.commitSha || built.runtime !== plan.runtime) return undefined;
  if (built.imageRepository !== image) return undefined;
  return JSON.stringify(built.config.command) === JSON.stringify(plan.config.command) ? built.digest : undefined;
}

async function knownComment(
  platform: Platform,
  serverId: string,
  issue: number | undefined,
): Promise<Rollout['reports']> {
  const earlier = issue === undefined ? undefined : await platform.rollouts.newestReportedIn(serverId, issue);
  const { commentId, commentUrl } = earlier?.reports ?? {};
  return { ...(commentId ? { commentId } : {}), ...(commentUrl ? { commentUrl } : {}) };
}

/** A repository may have been renamed or moved, or its default branch changed: its number stays. */
function sourceChange(request: RolloutRequest, { defaultBranch }: SourceSnapshot): Partial<ServerSource> {
  const { repository, installationId, issue } = request;
  return { repository, installationId, defaultBranch, ...(issue === undefined ? {} : { homeIssue: issue }) };
}

function notHosted(request: Pick<RolloutRequest, 'kind' | 'repository' | 'pullRequest'>): UserError {
  const what =
    request.pullRequest === undefined ? fullName(request.repository) : `the preview of #${request.pullRequest}`;
  return new UserError(
    'not-hosted',
    `Cannot ${request.kind} ${what}: it is not hosted, expected a hosted server`,
    'Comment /host to host it.',
  );
}
