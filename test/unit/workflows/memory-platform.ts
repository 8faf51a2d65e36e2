import type { ApplicationState } from '../../../src/domain/cluster-state.ts';
import type { DeploymentsSnapshot } from '../../../src/domain/deployments-snapshot.ts';
import type { HostedServer } from '../../../src/domain/hosted-server.ts';
import type { HostedServerChange } from '../../../src/domain/hosted-server-change.ts';
import { isSettled, type Rollout } from '../../../src/domain/rollout.ts';
import { compareRollouts } from '../../../src/domain/supersede-rollouts.ts';
import type { SourceSnapshot } from '../../../src/ports/github.ts';
import { advanceServer } from '../../../src/workflows/advance-server.ts';
import type { Platform } from '../../../src/workflows/platform.ts';

export class Crash extends Error {}

export const COMMIT = '4f2c1aa000000000000000000000000000000000';
export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** What the outside systems hold: every thing that must exist once. */
interface World {
  checkRuns: Map<string, { status: string; conclusion?: string }>;
  comments: Map<string, string>;
  reactions: string[];
  workflowRuns: Map<string, number>;
  commits: number;
  pullRequest: {
    number: number;
    state: 'OPEN' | 'CLOSED' | 'MERGED';
    rolloutId: string;
    mergeSha: string | null;
  } | null;
  branch: Record<string, string> | null;
  main: Record<string, string>;
  replies: Map<string, string>;
  calls: number;
}

export interface MemoryPlatform {
  platform: Platform;
  world: World;
  servers: Map<string, HostedServer>;
  rollouts: Map<string, Rollout>;
  /** Server ids that were asked to be brought forward. */
  queued: Set<string>;
  source: SourceSnapshot;
  /** Does what a person and Argo CD do: merges an open pull request. */
  merge(): void;
  setPolicy(text: string): void;
  /** Runs queued work until nothing is left; a crash is survived as a restart is. */
  settle(): Promise<void>;
}

/**
 * A platform in memory whose ports keep their contract: find-or-create on retry, blind creation otherwise, so that a
 * workflow that forgets to say `retry` makes a thing twice.
 * @param crashAt the number of the call (from 1) that crashes once, before or after it had its effect
 */
export function createMemoryPlatform(crash?: { at: number; when: 'before' | 'after' }): MemoryPlatform {
  const world: World = {
    checkRuns: new Map(),
    comments: new Map(),
    reactions: [],
    workflowRuns: new Map(),
    commits: 0,
    pullRequest: null,
    branch: null,
    main: {},
    replies: new Map(),
    calls: 0,
  };
  const servers = new Map<string, HostedServer>();
  const rollouts = new Map<string, Rollout>();
  const triggerKeys = new Set<string>();
  const claimed = new Map<string, 'unsent' | 'sent'>();
  const queued = new Set<string>();
  let nowMs = Date.parse('2026-11-22T10:00:00Z');
  let nextId = 1;
  let policyText: string | null = null;
  let crashed = false;

  const call = async <T>(effect: () => T): Promise<T> => {
    world.calls += 1;
    const mine = !crashed && crash !== undefined && world.calls === crash.at;
    if (mine && crash.when === 'before') {
      crashed = true;
      throw new Crash();
    }
    const result = effect();
    if (mine) {
      crashed = true;
      throw new Crash();
    }
    return result;
  };
  const clone = <T>(value: T): T => structuredClone(value);
  const repository = { owner: 'acme', name: 'mcp-server-deployments' };
  const source: SourceSnapshot = {
    repositoryNodeId: 'R_1',
    repositoryId: 1,
    defaultBranch: 'main',
    commitSha: COMMIT,
    refId: 'REF_1',
    isPrivate: false,
    workflowPresent: true,
    configText: null,
    packageJsonText: '{"bin":"index.js"}',
    pyprojectText: null,
    requirementsPresent: false,
    dockerfilePresent: false,
    issueNodeId: 'I_1',
    pullRequest: null,
  };
  const deployments = (): DeploymentsSnapshot => ({
    installationId: 1,
    repository,
    repositoryNodeId: 'R_2',
    defaultBranch: 'trunk',
    headSha: 'b'.repeat(40),
    policyText,
    overlay: clone(world.main),
    branch: world.branch ? { refId: 'REF_2', headSha: 'd'.repeat(40), overlay: clone(world.branch) } : null,
    pullRequest: world.pullRequest
      ? {
          ...pullRequestRef(),
          nodeId: 'PR_1',
          state: world.pullRequest.state,
          body: '',
          headSha: 'd'.repeat(40),
          mergeSha: world.pullRequest.mergeSha,
          mergedBy: 'kim',
        }
      : null,
  });
  const pullRequestRef = () => ({
    repository,
    number: world.pullRequest?.number ?? 0,
    url: 'https://github.com/acme/mcp-server-deployments/pull/1',
  });
  const same = (one: Record<string, string>, other: Record<string, string>) =>
    JSON.stringify(one) === JSON.stringify(other);

  const applyChange = (id: string, { source: sourceChange, ...change }: HostedServerChange): void => {
    const server = [...servers.values()].find((each) => each.id === id);
    if (!server) return;
    Object.assign(server, change, { source: { ...server.source, ...sourceChange } });
  };
  const ordered = () => [...rollouts.values()].sort(compareRollouts);

  const platform: Platform = {
    settings: {
      deploymentsRepository: repository,
      imageRepositoryTemplate: 'ghcr.io/{owner}/mcp-servers',
      endpointUrlTemplate: 'https://{server-id}.mcp.example.com/mcp',
      serversNamespace: 'mcp-servers',
      route: { kind: 'gateway', gatewayName: 'mcp', gatewayNamespace: 'gateway' },
      githubWebUrl: 'https://github.com',
      setupFiles: (branch) => ({ 'build.yml': `uses: acme/deployments/build.yml@${branch}` }),
    },
    now: () => {
      nowMs += 1000;
      return new Date(nowMs);
    },
    uuid: () => `00000000-0000-4000-8000-${String(nextId++).padStart(12, '0')}`,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    probeKeyOf: () => 'mcp_key',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    permissions: { permissionOf: () => call(() => 'write' as const) },
    snapshots: {
      readBoth: () => call(() => ({ source: clone(source), deployments: deployments() })),
      readDeployments: () => call(deployments),
    },
    builds: {
      dispatch: ({ rolloutId }, retry) =>
        call(() => {
          const known = retry ? world.workflowRuns.get(rolloutId) : undefined;
          const runId = known ?? nextId++;
          if (known === undefined)
            world.workflowRuns.set(world.workflowRuns.has(rolloutId) ? `${rolloutId}-twice` : rolloutId, runId);
          return { runId, url: `https://github.com/acme/hello/actions/runs/${runId}` };
        }),
      read: () => call(() => ({ state: 'running' as const })),
      cancel: () => call(() => undefined),
    },
    proposals: {
      propose: ({ files, rolloutId }, retry) =>
        call(() => {
          const open = world.pullRequest?.state === 'OPEN' ? world.pullRequest : null;
          if (retry && world.pullRequest?.state === 'MERGED' && world.pullRequest.rolloutId === rolloutId) {
            return {
              kind: 'merged' as const,
              pullRequest: { ...pullRequestRef(), nodeId: 'PR_1' },
              mergeSha: world.pullRequest.mergeSha ?? '',
              mergedBy: 'kim',
            };
          }
          if (same(files, world.main)) return { kind: 'unchanged' as const, headSha: 'b'.repeat(40) };
          if (!(retry && world.branch && same(world.branch, files))) {
            world.branch = { ...files };
            world.commits += 1;
          }
          if (open) open.rolloutId = rolloutId;
          else world.pullRequest = { number: nextId++, state: 'OPEN', rolloutId, mergeSha: null };
          return {
            kind: 'opened' as const,
            pullRequest: { ...pullRequestRef(), nodeId: 'PR_1' },
            branchHeadSha: 'd'.repeat(40),
          };
        }),
      merge: () =>
        call(() => {
          memory.merge();
          return { kind: 'merged' as const, sha: world.pullRequest?.mergeSha ?? '' };
        }),
      readPullRequest: () =>
        call(() => ({
          state: world.pullRequest?.state ?? ('OPEN' as const),
          mergeSha: world.pullRequest?.mergeSha ?? null,
          mergedBy: 'kim',
          closedBy: null,
          inMergeQueue: false,
        })),
      contains: () => call(() => true),
    },
    setupProposals: {
      proposeSetup: () =>
        call(() => ({
          repository: { owner: 'acme', name: 'hello' },
          number: 9,
          url: 'https://github.com/acme/hello/pull/9',
        })),
    },
    reports: {
      publish: (report, known, retry) =>
        call(() => {
          const ids = { ...known };
          if (report.checkRun) {
            const { externalId, status, conclusion } = report.checkRun;
            const id = known.checkRunId ?? (retry && world.checkRuns.has(externalId) ? externalId : undefined);
            const key = id ?? (world.checkRuns.has(externalId) ? `${externalId}-twice` : externalId);
            world.checkRuns.set(key, { status, ...(conclusion ? { conclusion } : {}) });
            ids.checkRunId = key;
          }
          if (report.comment) {
            const { marker, body } = report.comment;
            const id = known.commentId ?? (retry && world.comments.has(marker) ? marker : undefined);
            const key = id ?? (world.comments.has(marker) ? `${marker}-twice` : marker);
            world.comments.set(key, body);
            ids.commentId = key;
          }
          if (report.reaction && !world.reactions.includes(report.reaction.content))
            world.reactions.push(report.reaction.content);
          return ids;
        }),
      reply: ({ marker, body, retry }) =>
        call(() => {
          const key = !retry && world.replies.has(marker) ? `${marker}-twice` : marker;
          world.replies.set(key, body);
        }),
    },
    reviews: {
      read: () => call(() => undefined),
      readMergeGroup: () => call(() => undefined),
      readFolders: () => call(() => new Map()),
      listOpen: () => call(() => []),
    },
    inventory: {
      read: () => call(() => ({ serverIds: [], issue: null })),
      publishIssue: () => call(() => undefined),
    },
    secretInventory: { listServerSecrets: () => call(() => []) },
    driftLog: { observe: () => call(() => new Map()) },
    missedDeliveries: { redeliverFailed: () => call(() => 0) },
    installations: { installationOf: () => call(() => 1) },
    applications: {
      list: () => call(() => []),
      read: (serverId) => call(() => applicationOf(serverId)),
      watch() {},
      refresh: () => call(() => undefined),
    },
    workloads: {
      pods: () => call(() => []),
      deployment: async () => undefined,
      logs: () => call(() => []),
      restart: () => call(() => false),
      renewFiles: () => call(() => undefined),
    },
    serverSecrets: {
      names: () => call(() => []),
      set: (_serverId, values) => call(() => [...values.keys()]),
      unset: () => call(() => false),
      remove: () => call(() => undefined),
    },
    accessKeyFiles: {
      ids: () => call(() => []),
      add: () => call(() => undefined),
      remove: () => call(() => false),
      ensureProbeKey: () => call(() => false),
      removeAll: () => call(() => undefined),
    },
    accessKeys: {
      create: () => call(() => undefined),
      list: () => call(() => []),
      revoke: () => call(() => false),
      noteUses: () => call(() => undefined),
    },
    secretChanges: {
      begin: () => call(() => undefined),
      finish: () => call(() => undefined),
      close: () => call(() => undefined),
      newest: () => call(() => new Map()),
      unfinished: () => call(() => []),
    },
    endpoints: {
      keyUses: () => call(() => new Map()),
      verify: () =>
        call(() => ({ ok: true as const, protocolVersion: '2025-11-25', tools: [{ name: 'greet' }], toolCount: 1 })),
    },
    deliveryLog: {
      receive: () => call(() => true),
      refuse: () => call(() => undefined),
      read: () => call(() => undefined),
      markDone: () => call(() => undefined),
      markFailed: () => call(() => undefined),
    },
    hostedServers: {
      create: (server) =>
        call(() => {
          const id = `00000000-0000-4000-9000-${String(nextId++).padStart(12, '0')}`;
          const now = new Date(nowMs);
          const row: HostedServer = {
            id,
            ...clone(server),
            imageTag: 'latest',
            k8sDeploymentName: `mcp-${server.serverId}`,
            status: 'pending',
            statusMessage: null,
            requestCount: 0,
            lastRequestAt: null,
            createdAt: now,
            updatedAt: now,
            stoppedAt: null,
            deletedAt: null,
            tools: null,
            envVars: null,
          };
          servers.set(server.serverId, row);
          return clone(row);
        }),
      findByServerId: (serverId) => call(() => clone(servers.get(serverId))),
      findBySource: (repositoryId, pullRequest) =>
        call(() =>
          clone(
            [...servers.values()].find(
              ({ status, source: from }) =>
                status !== 'deleted' &&
                from.repositoryId === repositoryId &&
                (from.pullRequest ?? null) === pullRequest,
            ),
          ),
        ),
      retire: () => call(() => true),
      claimedDomains: () => call(() => []),
      listBySource: () => call(() => [...servers.values()].map(clone)),
      list: () => call(() => []),
      changeEnvVars: () => call(() => undefined),
    },
    rollouts: {
      start: (rollout, triggerKey, change) =>
        call(() => {
          if (triggerKeys.has(triggerKey)) return false;
          triggerKeys.add(triggerKey);
          rollouts.set(rollout.id, clone(rollout));
          applyChange(rollout.hostedServerId, change);
          queued.add(rollout.serverId);
          return true;
        }),
      read: (id) => call(() => clone(rollouts.get(id))),
      unfinished: (serverId) =>
        call(() => clone(ordered().filter((each) => each.serverId === serverId && !isSettled(each)))),
      newest: (serverId) =>
        call(() =>
          clone(
            ordered()
              .filter((each) => each.serverId === serverId)
              .at(-1),
          ),
        ),
      newestSucceeded: (serverId, kinds) =>
        call(() =>
          clone(
            ordered()
              .filter((each) => each.serverId === serverId && each.stage === 'succeeded' && kinds.includes(each.kind))
              .at(-1),
          ),
        ),
      newestReportedIn: (serverId, issue) =>
        call(() =>
          clone(
            ordered()
              .filter((each) => each.serverId === serverId && each.issue === issue && each.reports.commentId)
              .at(-1),
          ),
        ),
      save: (rollout, change) =>
        call(() => {
          rollouts.set(rollout.id, clone(rollout));
          applyChange(rollout.hostedServerId, change);
        }),
      findByBuildRun: (_repositoryId, runId) =>
        call(() => clone(ordered().find((each) => each.build?.runId === runId))),
      busyServers: () =>
        call(() => [
          ...new Set(
            ordered()
              .filter((each) => !isSettled(each))
              .map(({ serverId }) => serverId),
          ),
        ]),
    },
    replies: {
      claim: (key) =>
        call(() => {
          const before = claimed.get(key);
          if (!before) claimed.set(key, 'unsent');
          return before ?? ('new' as const);
        }),
      confirm: (key) => call(() => void claimed.set(key, 'sent')),
    },
    pullRequestHeads: {
      saw: () => call(() => undefined),
      firstSeen: () => call(() => undefined),
      pullRequestsAt: () => call(() => []),
    },
    conversations: { ensure: (_id, name) => call(() => ({ repository: name })), find: () => call(() => undefined) },
    queue: { advance: (serverId) => call(() => void queued.add(serverId)) },
    serverLock: { withLock: (_key, work) => work() },
  };

  function applicationOf(serverId: string): ApplicationState | undefined {
    if (Object.keys(world.main).length === 0) return undefined;
    return {
      serverId,
      syncStatus: 'Synced',
      healthStatus: 'Healthy',
      healthLastTransitionAt: null,
      healthMessage: null,
      revision: world.pullRequest?.mergeSha ?? 'b'.repeat(40),
      reconciledAt: null,
      operation: null,
      conditions: [],
      outOfSync: [],
      images: [`x@${DIGEST}`],
    };
  }

  const memory: MemoryPlatform = {
    platform,
    world,
    servers,
    rollouts,
    queued,
    source,
    merge() {
      if (world.pullRequest?.state !== 'OPEN' || !world.branch) return;
      world.pullRequest.state = 'MERGED';
      world.pullRequest.mergeSha = 'c'.repeat(40);
      world.main = { ...world.branch };
    },
    setPolicy(text) {
      policyText = text;
    },
    async settle() {
      for (let round = 0; round < 40 && queued.size > 0; round += 1) {
        const [serverId] = queued;
        queued.delete(serverId as string);
        await advanceServer(platform, serverId as string).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
          queued.add(serverId as string);
        });
      }
    },
  };
  return memory;
}
