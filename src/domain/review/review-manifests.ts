import type { DeploymentsPolicy } from '../deployments-policy.ts';
import type { DomainClaim } from '../domain-claims.ts';
import { findClaim, hostsOfManifests } from '../domain-claims.ts';
import { mirrored } from '../manifests/kustomization.ts';
import type { UnsetSecrets } from '../missing-secrets.ts';
import type { RouteSettings } from '../overlay-input.ts';
import { parseDeploymentsPolicy } from '../parse-deployments-policy.ts';
import type { Manifest } from '../read-manifests.ts';
import { checkBase } from './check-base.ts';
import { checkOverlay } from './check-overlay.ts';
import { mergeEntries, type OverlayEntry } from './overlay-entry.ts';
import type { OverlayRules } from './overlay-rules.ts';
import { readBounds, readQuota } from './read-bounds.ts';
import { inReadingOrder, type ReviewProblem } from './review-problem.ts';
import { POLICY_FILE, type TouchedPaths } from './touched-paths.ts';

/** What the installation was told at its start, as far as it says what may be deployed. */
interface ReviewSettings {
  namespace: string;
  route: RouteSettings;
  /** Host name of a server's endpoint. */
  hostOf(serverId: string): string;
  ownDomain: string;
}

/** A folder on the base branch as it is now, and at the pull request's head. */
export interface FolderSides {
  base: readonly OverlayEntry[];
  head: readonly OverlayEntry[];
}

export interface ReviewInput {
  settings: ReviewSettings;
  touched: TouchedPaths;
  /** Every changed path: a branch of the bot may change its own server alone. */
  changedPaths: readonly string[];
  /** Of a branch `mcp-hosting/<server-id>` in the repository itself. */
  branchServerId?: string;
  /** Of each touched directory below `servers/`. */
  servers: ReadonlyMap<string, FolderSides>;
  /** Read where `base/` is touched. */
  base?: FolderSides;
  /** `mcp-hosting.yml` on both sides; null where there is none. */
  policy: { base: string | null; head: string | null };
  /** `base/limit-range.yaml` on the base branch. */
  limitRangeText: string | null;
  /** `base/resource-quota.yaml` on the base branch. */
  resourceQuotaText: string | null;
  /** Image repositories of a server itself, without those of the policy. */
  imagesOf(serverId: string): readonly string[];
  /** Custom domains that servers have or are about to get. */
  claims: readonly DomainClaim[];
}

/** One directory that the pull request changes. */
export interface ReviewedFolder {
  /** `servers/<server-id>`, or `base`. */
  path: string;
  change: 'added' | 'changed' | 'removed';
  problems: ReviewProblem[];
  /** Rendered manifests; absent where they cannot be told. */
  before?: Manifest[];
  after?: Manifest[];
}

export interface ManifestsReview {
  folders: ReviewedFolder[];
  /** Every problem, those of the folders too, in the order of reading. */
  problems: ReviewProblem[];
  /** Servers whose pods would wait after the merge, for values that nobody set yet; where that was asked. */
  unset?: UnsetSecrets[];
  /** Where the pull request changes the policy: how many failures there would be by the changed one. */
  policyChange?: { failuresByHead: number | null };
}

/**
 * Checks what a pull request of the deployments repository would deploy, by the policy of the base branch. What was
 * wrong in the same words before is a warning: a `/stop` must not wait until somebody mended it.
 */
export function reviewManifests(input: ReviewInput): ManifestsReview {
  const steps = reviewInSteps(input);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `reviewManifests`, with a break after every folder: hundreds of them take seconds, in which others want to be heard. */
export function* reviewInSteps(input: ReviewInput): Generator<undefined, ManifestsReview> {
  const basePolicy = parseDeploymentsPolicy(input.policy.base);
  const headPolicy = parseDeploymentsPolicy(input.policy.head);
  // A policy that cannot be read lets nobody deploy; who mends it is held to what they propose.
  const policy = basePolicy.ok ? basePolicy.policy : headPolicy.ok ? headPolicy.policy : { merge: 'review' as const };
  const folders = yield* reviewFolders(input, policy);
  const byHead = input.touched.policy && headPolicy.ok ? yield* reviewFolders(input, headPolicy.policy) : undefined;
  const problems = [
    ...folders.flatMap((folder) => folder.problems),
    ...policyProblems(input.touched.policy ? headPolicy : basePolicy),
    ...strayProblems(input),
    ...foreignPaths(input),
  ];
  return {
    folders,
    problems: inReadingOrder(problems),
    ...(input.touched.policy ? { policyChange: { failuresByHead: byHead ? countFailures(byHead) : null } } : {}),
  };
}

function countFailures(folders: readonly ReviewedFolder[]): number {
  return folders.flatMap(({ problems }) => problems).filter(({ level }) => level === 'failure').length;
}

function* reviewFolders(input: ReviewInput, policy: DeploymentsPolicy): Generator<undefined, ReviewedFolder[]> {
  const servers: ReviewedFolder[] = [];
  for (const [serverId, sides] of input.servers) {
    servers.push(reviewServer(input, policy, serverId, sides));
    yield;
  }
  const folders = withSharedHosts(input, servers);
  return input.base ? [...folders, reviewBase(input, input.base)] : folders;
}

function reviewServer(
  input: ReviewInput,
  policy: DeploymentsPolicy,
  serverId: string,
  sides: FolderSides,
): ReviewedFolder {
  const rules = rulesOf(input, policy, serverId);
  const changed = input.touched.servers.get(serverId) ?? new Set();
  return reviewFolder({
    path: `servers/${serverId}`,
    sides,
    changed,
    check: (entries) => checkOverlay(entries, rules),
  });
}

function reviewBase({ touched, settings }: ReviewInput, sides: FolderSides): ReviewedFolder {
  const check = (entries: readonly OverlayEntry[]) => checkBase(entries, settings.namespace);
  return reviewFolder({ path: 'base', sides, changed: touched.base, check });
}

function reviewFolder(options: {
  path: string;
  sides: FolderSides;
  changed: ReadonlySet<string>;
  check: (entries: readonly OverlayEntry[]) => { problems: ReviewProblem[]; manifests?: Manifest[] };
}): ReviewedFolder {
  const { path, sides, changed, check } = options;
  const merged = mergeEntries({ ...sides, changed });
  const before = check(sides.base);
  const after = check(merged);
  return {
    path,
    change: sides.base.length === 0 ? 'added' : merged.length === 0 ? 'removed' : 'changed',
    problems: sides.base.length === 0 ? after.problems : withoutOld(after.problems, before.problems),
    ...(before.manifests ? { before: before.manifests } : {}),
    ...(after.manifests ? { after: after.manifests } : {}),
  };
}

function withoutOld(after: readonly ReviewProblem[], before: readonly ReviewProblem[]): ReviewProblem[] {
  const old = new Set(before.map(({ path, message }) => `${path} ${message}`));
  return after.map((problem) =>
    old.has(`${problem.path} ${problem.message}`)
      ? { ...problem, level: 'warning', message: `${problem.message}. It was so before` }
      : problem,
  );
}

function rulesOf(input: ReviewInput, policy: DeploymentsPolicy, serverId: string): OverlayRules {
  const { namespace, route, hostOf, ownDomain } = input.settings;
  const own = input.imagesOf(serverId);
  return {
    serverId,
    namespace,
    host: hostOf(serverId),
    ownDomain,
    route,
    policy,
    registries: [...new Set([...own, ...own.map((image) => mirrored(image, policy)), ...(policy.registries ?? [])])],
    bounds: readBounds(input.limitRangeText),
    quota: readQuota(input.resourceQuotaText),
  };
}

/** Two servers cannot have one custom domain, nor one that covers the other's. */
function withSharedHosts(input: ReviewInput, folders: readonly ReviewedFolder[]): ReviewedFolder[] {
  const inPullRequest = folders.flatMap(({ path, after }) =>
    hostsOfManifests(after ?? []).map((domain) => ({ serverId: path.slice('servers/'.length), domain })),
  );
  return folders.map((folder) => {
    const serverId = folder.path.slice('servers/'.length);
    const hosts = hostsOfManifests(folder.after ?? []).filter((host) => host !== input.settings.hostOf(serverId));
    const others = [...inPullRequest, ...input.claims].filter((claim) => claim.serverId !== serverId);
    const shared = hosts.flatMap((host) => {
      const claim = findClaim(host, others);
      return claim ? [sharedHost(folder.path, host, claim)] : [];
    });
    return shared.length === 0 ? folder : { ...folder, problems: [...folder.problems, ...shared] };
  });
}

function sharedHost(path: string, host: string, { serverId, domain }: DomainClaim): ReviewProblem {
  const whose = domain === host ? '' : `, which "${domain}" covers`;
  return {
    path: `${path}/kustomization.yaml`,
    line: 1,
    endLine: 1,
    level: 'failure',
    message: `Cannot deploy the host "${host}": the server ${serverId} has it${whose}, expected a host of this server alone`,
  };
}

function policyProblems(parsed: ReturnType<typeof parseDeploymentsPolicy>): ReviewProblem[] {
  if (parsed.ok) return [];
  return parsed.problems.map(({ line, endLine, message }) => ({
    path: POLICY_FILE,
    line,
    endLine,
    level: 'failure',
    message,
  }));
}

function strayProblems({ touched }: ReviewInput): ReviewProblem[] {
  return touched.strays.map((path) => ({
    path,
    line: 1,
    endLine: 1,
    level: 'failure',
    message: `Cannot deploy ${path}: it is a file, a symbolic link or a submodule, expected a directory${path.includes('/') ? ' of a server' : ''}`,
  }));
}

/** Paths told of a branch that reaches beyond its server; who merges it expects a change of that one. */
const FOREIGN_PATHS_MAX = 20;

function foreignPaths({ branchServerId, changedPaths }: ReviewInput): ReviewProblem[] {
  if (branchServerId === undefined) return [];
  return changedPaths
    .filter((path) => !path.startsWith(`servers/${branchServerId}/`))
    .slice(0, FOREIGN_PATHS_MAX)
    .map((path) => ({
      path,
      line: 1,
      endLine: 1,
      level: 'failure',
      message: `Cannot change this file on the branch mcp-hosting/${branchServerId}: it belongs to that server alone, expected changes in servers/${branchServerId}/ only`,
    }));
}
