import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import type { Octokit } from '@octokit/rest';
import { type E2ePlatform, tinyServer, WAIT_MS_MAX } from './platform.ts';

/** For a test of several waits. */
export const TEST_MS_MAX = 4 * WAIT_MS_MAX;

export const DEPLOYMENTS = { owner: 'acme', repo: 'mcp-server-deployments' };

export function inAcme(name: string): { owner: string; repo: string } {
  return { owner: 'acme', repo: name };
}

/**
 * Requests of installations without those of the check of pull requests: it reads by documents of its own, and under a
 * deployment pull request that passes it writes a check run alone.
 */
export async function deploymentRequests(platform: E2ePlatform): Promise<number> {
  const { log } = await platform.control<{
    log: { actor: string; kind: string; name: string | null; fields: string[] }[];
  }>('GET', '/requests');
  const isOfCheck = (name: string | null, fields: string[]) =>
    ['ReadReview', 'ReadFolders', 'ReadTexts'].includes(name ?? '') || fields.join() === 'createCheckRun';
  return log.filter(
    ({ actor, kind, name, fields }) => actor === 'installation' && kind !== 'token' && !isOfCheck(name, fields),
  ).length;
}

/** Where and what a person asked for. */
export interface Asked {
  name: string;
  issue: number;
  /** The comment that asked. */
  comment: number;
  commit: string;
  serverId: string;
}

/** Pushes a server, comments on a new issue of it, and waits until the bot has a row for it. */
export async function ask(
  platform: E2ePlatform,
  name: string,
  options: { files?: Record<string, string>; workflow?: boolean; body?: string } = {},
): Promise<Asked> {
  const { files = tinyServer(name), workflow = true, body = '/host' } = options;
  const commit = await platform.push(name, files, { workflow });
  const issue = await platform.openIssue(name);
  const comment = await platform.comment(name, issue, body);
  const { server_id: serverId } = await platform.waitFor(`a row of ${name}`, () => platform.row(name));
  return { name, issue, comment, commit, serverId };
}

/** Merges the deployment pull request of a server, once it is there. */
export async function mergeProposal(platform: E2ePlatform, serverId: string): Promise<number> {
  const { number } = await platform.waitForProposal(serverId);
  await platform.merge(number);
  return number;
}

/** Waits until the newest rollout of a server is saved in this stage: GitHub may show what it made a moment before. */
export async function waitForStage(platform: E2ePlatform, serverId: string, stage: string): Promise<void> {
  let newest: Record<string, unknown> | undefined;
  const look = async () => {
    newest = (await rolloutsOf(platform, serverId)).at(-1);
    return newest?.stage === stage;
  };
  await platform.waitFor(`${serverId} to be ${stage}`, look).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(newest)}`);
  });
}

/** Waits for a status that may come after another one, `failed` too. */
export function waitForRow(platform: E2ePlatform, name: string, status: string, pullRequest?: number) {
  return platform.waitFor(`${name} to be ${status}`, async () => {
    const row = await platform.row(name, pullRequest);
    return row?.status === status && row;
  });
}

/** The newest deployment check run of a commit, once it is over. */
export function completedCheckRun(platform: E2ePlatform, name: string, sha: string) {
  return platform.waitFor(`the check run of ${name}@${sha}`, async () => {
    const { data } = await platform.you.rest.checks.listForRef({ ...inAcme(name), ref: sha });
    return data.check_runs.find(({ status }) => status === 'completed');
  });
}

/** Bodies of what the bot wrote, oldest first. */
export async function botComments(platform: E2ePlatform, repo: { owner: string; repo: string }, issue: number) {
  const { data } = await platform.you.rest.issues.listComments({ ...repo, issue_number: issue, per_page: 100 });
  return data.filter(({ user }) => user?.type === 'Bot').map(({ id, body = '' }) => ({ id, body }));
}

export function waitForBotComment(platform: E2ePlatform, name: string, issue: number, text: string) {
  return platform.waitFor(`"${text}" in ${name}#${issue}`, async () =>
    (await botComments(platform, inAcme(name), issue)).find(({ body }) => body.includes(text)),
  );
}

export function waitForReaction(platform: E2ePlatform, name: string, comment: number, content: string) {
  return platform.waitFor(`${content} on comment ${comment} of ${name}`, async () => {
    const { data } = await platform.you.rest.reactions.listForIssueComment({ ...inAcme(name), comment_id: comment });
    return data.some((reaction) => reaction.content === content);
  });
}

/** Waits until the bot has dealt with everything about a server. */
export function waitUntilSettled(platform: E2ePlatform, serverId: string): Promise<unknown> {
  return platform.waitFor(`the last report of ${serverId}`, async () => {
    const [found] = await platform.query(
      'SELECT count(*)::int AS open FROM rollouts WHERE server_id = $1 AND NOT settled',
      [serverId],
    );
    return found?.open === 0;
  });
}

/** Waits until the bot has handled the webhook of a comment, so that what did not come of it will not come. */
export function waitUntilHeard(platform: E2ePlatform, comment: number, action = 'created'): Promise<unknown> {
  return platform.waitFor(`comment ${comment} to be heard`, async () => {
    const found = await platform.query(
      `SELECT 1 FROM deliveries WHERE event = 'issue_comment' AND payload->>'action' = $2
       AND payload->'comment'->>'id' = $1 AND state = 'done'`,
      [String(comment), action],
    );
    return found.length > 0;
  });
}

/** The same for what happened to a pull request. */
export function waitUntilPullRequestHeard(platform: E2ePlatform, action: string, headSha: string): Promise<unknown> {
  return platform.waitFor(`"${action}" of ${headSha} to be heard`, async () => {
    const found = await platform.query(
      `SELECT 1 FROM deliveries WHERE event = 'pull_request' AND payload->>'action' = $1
       AND payload->'pull_request'->'head'->>'sha' = $2 AND state = 'done'`,
      [action, headSha],
    );
    return found.length > 0;
  });
}

/** The rollouts of a server, oldest first. */
export function rolloutsOf(platform: E2ePlatform, serverId: string): Promise<Record<string, unknown>[]> {
  return platform.query(
    'SELECT kind, stage, commit_sha, state FROM rollouts WHERE server_id = $1 ORDER BY triggered_at, created_at',
    [serverId],
  );
}

/** Opens a pull request of a branch against `main`. */
export async function openPullRequest(by: Octokit, name: string, head: string): Promise<number> {
  const { data } = await by.rest.pulls.create({ ...inAcme(name), title: 'Change the server', head, base: 'main' });
  return data.number;
}

/** Tries of a write that somebody else's push to the branch outran. */
const WRITES_MAX = 20;

/** Writes a file by GitHub's API, as a person does in the browser. @returns the commit. */
export async function writeFile(
  by: Octokit,
  repository: { owner: string; repo: string },
  path: string,
  text: string,
  branch = 'main',
): Promise<string> {
  for (let write = 1; ; write += 1) {
    const present = await by.rest.repos.getContent({ ...repository, path, ref: branch }).then(
      ({ data }) => (Array.isArray(data) ? undefined : data.sha),
      () => undefined,
    );
    try {
      const { data } = await by.rest.repos.createOrUpdateFileContents({
        ...repository,
        path,
        branch,
        message: `Change ${path}`,
        content: Buffer.from(text).toString('base64'),
        ...(present === undefined ? {} : { sha: present }),
      });
      return data.commit.sha ?? '';
    } catch (error) {
      if ((error as { status?: number }).status !== 409 || write === WRITES_MAX) throw error;
    }
  }
}

/** @returns undefined where the file is not there. */
export async function readFile(by: Octokit, repository: { owner: string; repo: string }, path: string) {
  const { data } = await by.rest.repos.getContent({ ...repository, path }).catch((error: { status?: number }) => {
    if (error.status === 404) return { data: undefined };
    throw error;
  });
  return data && 'content' in data ? Buffer.from(data.content, 'base64').toString('utf8') : undefined;
}

/** Kubernetes as an operator reaches it. */
export function clusterOf(platform: E2ePlatform): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(platform.file.kubeconfig);
  return config;
}

/** Names of the servers that Argo CD has an Application for. */
export async function applications(platform: E2ePlatform): Promise<string[]> {
  const { items } = (await clusterOf(platform).makeApiClient(CustomObjectsApi).listNamespacedCustomObject({
    group: 'argoproj.io',
    version: 'v1alpha1',
    namespace: 'argocd',
    plural: 'applications',
  })) as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
}
