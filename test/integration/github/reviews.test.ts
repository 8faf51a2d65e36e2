import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGitHub } from '../../../src/adapters/github/create-github.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { MANIFESTS_MARKER, rolloutMarker } from '../../../src/domain/reports/markers.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { handleDelivery } from '../../../src/inbound/handle-delivery.ts';
import { RetryLaterError } from '../../../src/ports/retry-later.ts';
import type { Platform } from '../../../src/workflows/platform.ts';
import { renewProposalCheck, reviewOpenPullRequests } from '../../../src/workflows/review-pull-request.ts';
import {
  createTestRepository,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from '../../sandbox-github/start-test-github.ts';
import { MINIMAL_OVERLAY } from '../../unit/domain/overlay-cases.ts';
import { createMemoryPlatform } from '../../unit/workflows/memory-platform.ts';

/** The check of pull requests through the sandbox's GitHub: its webhooks in, its API out, real git in between. */
const REPO = { owner: 'acme', repo: 'mcp-server-deployments' };
const CHECK = 'mcp-hosting / manifests';
const run = promisify(execFile);

let sandbox: TestGitHub;
let platform: Platform;
let dir: string;
let serial = 0;
/** What differs from one test to the next. */
let serverId: string;
let branch: string;

const git = (...args: string[]) => {
  const authorization = `Authorization: Basic ${Buffer.from(`you:${sandbox.userToken}`).toString('base64')}`;
  const identity = ['-c', 'user.name=you', '-c', 'user.email=you@example.com'];
  return run('git', ['-c', `http.extraHeader=${authorization}`, ...identity, ...args], { cwd: dir });
};

beforeAll(async () => {
  sandbox = await startTestGitHub();
  await createTestRepository(sandbox, REPO.repo);
  dir = await mkdtemp(join(tmpdir(), 'mcp-hosting-reviews-'));
  await git('clone', '--quiet', `${sandbox.gitUrl}/acme/${REPO.repo}.git`, '.');
  const memory = createMemoryPlatform();
  const github = createGitHub({
    appId: sandbox.appId,
    privateKey: sandbox.privateKeyPem,
    apiUrl: sandbox.url,
    requestTimeoutMs: 20_000,
    deploymentsRepository: { owner: REPO.owner, name: REPO.repo },
    writeBudget: { take: async () => 0 },
    log: memory.platform.log,
  });
  platform = { ...memory.platform, reviews: github.reviews, reports: github.reports, proposals: github.proposals };
  Object.assign(platform.settings, {
    deploymentsRepository: { owner: 'acme', name: REPO.repo },
    route: { kind: 'gateway', gatewayName: 'mcp-servers', gatewayNamespace: 'mcp-gateway' },
    endpointUrlTemplate: 'https://{server-id}.mcp.example.com/mcp',
    imageRepositoryTemplate: 'ghcr.io/{owner}/mcp-servers',
    serversNamespace: 'mcp-servers',
  });
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await stopWithoutViolations(sandbox);
});

beforeEach(async () => {
  serial += 1;
  serverId = `hello-q7m${String(serial).padStart(3, 'x')}`;
  branch = `change-${serial}`;
  await git('fetch', '--quiet', 'origin');
  await git('checkout', '--quiet', '-B', branch, 'origin/main');
});

function overlay(change: Partial<OverlayInput> = {}, id = serverId): Record<string, string> {
  const input: OverlayInput = {
    ...MINIMAL_OVERLAY,
    serverId: id,
    image: `ghcr.io/acme/mcp-servers/${id}`,
    host: `${id}.mcp.example.com`,
    route: { kind: 'gateway', gatewayName: 'mcp-servers', gatewayNamespace: 'mcp-gateway' },
    ...change,
  };
  const files = renderOverlay(input);
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`servers/${id}/${name}`, text]));
}

/** Writes files on the branch that is checked out, commits and pushes it. @returns the commit */
async function push(files: Record<string, string>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return commit();
}

async function commit(): Promise<string> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Change servers');
  await git('push', '--quiet', '--force', 'origin', 'HEAD');
  return (await git('rev-parse', 'HEAD')).stdout.trim();
}

/** Puts files on main without anybody looking. */
async function onMain(files: Record<string, string>): Promise<void> {
  await git('checkout', '--quiet', '-B', 'main', 'origin/main');
  await push(files);
  await git('checkout', '--quiet', '-B', branch, 'main');
}

async function openPullRequest(base = 'main', head = branch): Promise<number> {
  const { data } = await sandbox.person.rest.pulls.create({ ...REPO, base, head, title: 'Change servers' });
  return data.number;
}

/** Hears the webhook of a pull request as GitHub sent it. */
async function hear(number: number, action: string, headSha?: string): Promise<void> {
  const { payload } = await sandbox.webhook(
    'pull_request',
    (one) =>
      one.number === number &&
      one.action === action &&
      (headSha === undefined || one.pull_request.head.sha === headSha),
  );
  await handleDelivery(platform, { id: `${number}-${action}`, event: 'pull_request', payload });
}

async function checkRun(ref: string) {
  const { data } = await sandbox.person.rest.checks.listForRef({ ...REPO, ref, check_name: CHECK });
  return data.check_runs[0];
}

async function comments(number: number): Promise<string[]> {
  const { data } = await sandbox.person.rest.issues.listComments({ ...REPO, issue_number: number });
  return data.filter(({ user }) => user?.type === 'Bot').map(({ body = '' }) => body);
}

async function requests(): Promise<string[]> {
  const { body } = await sandbox.control('GET', '/requests');
  const log = body.log as { actor: string; kind: string }[];
  return log.filter(({ actor }) => actor === 'installation').map(({ kind }) => kind);
}

const forgetRequests = () => sandbox.control('DELETE', '/requests');

describe('a pull request of a person', () => {
  test('with a good server passes, in four requests, and shows what the cluster would get', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    await forgetRequests();

    await hear(number, 'opened');

    expect(await requests()).toEqual(['read', 'read', 'read', 'write']);
    expect(await checkRun(head)).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      output: { title: '1 server added', annotations_count: 0 },
    });
    const [comment = ''] = await comments(number);
    expect(comment.startsWith(`${MANIFESTS_MARKER}\n### Manifests: 1 server added\n`)).toBe(true);
    expect(comment).toContain(`<details><summary><code>servers/${serverId}</code>: added (+`);
    expect(comment).toContain(`+        image: ghcr.io/acme/mcp-servers/${serverId}@sha256:`);
  });

  test('heard twice is told once', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    await hear(number, 'opened');
    await forgetRequests();

    await hear(number, 'opened');

    expect(await requests()).not.toContain('write');
    expect(await comments(number)).toHaveLength(1);
    const { data } = await sandbox.person.rest.checks.listForRef({ ...REPO, ref: head, filter: 'all' });
    expect(data.check_runs).toHaveLength(1);
  });

  test('that breaks the policy fails on its lines; mended, the same comment says so', async () => {
    const files = overlay();
    const path = `servers/${serverId}/service.yaml`;
    const bad = { ...files, [path]: (files[path] ?? '').replace('spec:\n', 'spec:\n  type: LoadBalancer\n') };
    const head = await push(bad);
    const number = await openPullRequest();
    await hear(number, 'opened');

    const check = await checkRun(head);
    expect(check).toMatchObject({ conclusion: 'failure', output: { title: '1 problem to mend' } });
    const { data: annotations } = await sandbox.person.rest.checks.listAnnotations({
      ...REPO,
      check_run_id: check?.id ?? 0,
    });
    expect(annotations).toMatchObject([{ path, start_line: 11, annotation_level: 'failure' }]);
    expect((await comments(number))[0]).toContain('### Manifests: 1 problem to mend before it can be merged');

    const mended = await push(files);
    await hear(number, 'synchronize', mended);

    expect(await checkRun(mended)).toMatchObject({ conclusion: 'success' });
    expect(await comments(number)).toEqual([expect.stringContaining('### Manifests: 1 server added')]);
  });

  test('that touches nothing of it is neutral, without a comment, in two requests', async () => {
    const head = await push({ [`notes-${serial}.md`]: 'Hello\n', 'argocd/x.yaml': 'kind: Secret\n' });
    const number = await openPullRequest();
    await forgetRequests();

    await hear(number, 'opened');

    expect(await requests()).toEqual(['read', 'write']);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'neutral', output: { title: 'Nothing to check' } });
    expect(await comments(number)).toEqual([]);
  });

  test('that moves a file from one server to another touches both', async () => {
    const other = `other-q7m${String(serial).padStart(3, 'x')}`;
    await onMain({ ...overlay(), ...overlay({}, other) });
    await git('mv', '-f', `servers/${serverId}/httproute.yaml`, `servers/${other}/httproute.yaml`);
    const head = await commit();
    const number = await openPullRequest();

    await hear(number, 'opened');

    const { output } = (await checkRun(head)) ?? {};
    expect(output?.summary).toContain(`servers/${serverId}/kustomization.yaml:1`);
    expect(output?.summary).toContain('the resource "httproute.yaml" is not there');
    expect(output?.summary).toContain(`| \`servers/${other}\` | changed |`);
  });

  test('with a link, a submodule and a binary file fails for each', async () => {
    await push(overlay());
    const folder = join(dir, 'servers', serverId);
    await symlink('../other', join(folder, 'link.yaml'));
    await writeFile(join(folder, 'binary.yaml'), Buffer.from([0, 1, 2]));
    await writeFile(join(folder, 'large.yaml'), `a: ${'x'.repeat(70_000)}\n`);
    await git('update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},servers/${serverId}/module`);
    await git(
      'add',
      `servers/${serverId}/link.yaml`,
      `servers/${serverId}/binary.yaml`,
      `servers/${serverId}/large.yaml`,
    );
    await git('commit', '--quiet', '--message', 'Odd files');
    await git('push', '--quiet', 'origin', 'HEAD');
    const head = (await git('rev-parse', 'HEAD')).stdout.trim();
    const number = await openPullRequest();

    await hear(number, 'opened');

    const { output } = (await checkRun(head)) ?? {};
    for (const said of ['it is a symbolic link', 'it is a submodule', 'it is binary', 'it is over 64 KiB']) {
      expect(output?.summary).toContain(said);
    }
    await rm(join(dir, 'servers', serverId), { recursive: true, force: true });
  });

  test.each(['all servers', 'a server'])('that puts a link in the place of %s fails', async (what) => {
    await onMain(overlay());
    const path = what === 'a server' ? `servers/${serverId}` : 'servers';
    await git('mv', path, 'real');
    await symlink(what === 'a server' ? '../real' : 'real', join(dir, path));
    const head = await commit();
    const number = await openPullRequest();

    await hear(number, 'opened');

    expect((await checkRun(head))?.output?.summary).toContain(
      `Cannot deploy ${path}: it is a file, a symbolic link or a submodule, expected a directory`,
    );
  });

  test('that takes away or moves what lay in servers itself passes', async () => {
    await onMain({ 'servers/notes.md': 'Notes\n', 'servers/README.md': 'About the servers\n', ...overlay() });
    await git('rm', '--quiet', 'servers/notes.md');
    await git('mv', 'servers/README.md', 'servers.md');
    const head = await push(overlay({ digest: `sha256:${'b'.repeat(64)}` }));
    const number = await openPullRequest();

    await hear(number, 'opened');

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });

  test('that removes a server passes', async () => {
    await onMain(overlay());
    await git('rm', '-r', '--quiet', `servers/${serverId}`);
    const head = await commit();
    const number = await openPullRequest();

    await hear(number, 'opened');

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success', output: { title: '1 server removed' } });
    expect((await comments(number))[0]).toContain(': removed (+0 −');
  });

  test('with more problems than GitHub takes at once has them all on lines', async () => {
    const files = overlay();
    const path = `servers/${serverId}/deployment.yaml`;
    const variables = Array.from(
      { length: 70 },
      (_, index) => `        - {name: V${index}_TOKEN, value: abc${index}}\n`,
    ).join('');
    const head = await push({
      ...files,
      [path]: (files[path] ?? '').replace('        env:\n', `        env:\n${variables}`),
    });
    const number = await openPullRequest();

    await hear(number, 'opened');
    await hear(number, 'opened');

    const check = await checkRun(head);
    const { data } = await sandbox.person.rest.checks.listAnnotations({
      ...REPO,
      check_run_id: check?.id ?? 0,
      per_page: 100,
    });
    expect(data).toHaveLength(70);
    const { data: all } = await sandbox.person.rest.checks.listForRef({ ...REPO, ref: head, filter: 'all' });
    expect(all.check_runs).toHaveLength(1);
  });

  test('of forty servers has a comment that GitHub takes', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `many-${String(index).padStart(3, 'a')}xyz`);
    const head = await push(Object.assign({}, ...ids.map((id) => overlay({}, id))));
    const number = await openPullRequest();
    await forgetRequests();

    await hear(number, 'opened');

    expect((await requests()).length).toBeLessThanOrEqual(8);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'success', output: { title: '40 servers added' } });
    const [comment = ''] = await comments(number);
    expect(comment.length).toBeLessThanOrEqual(65_536);
    expect(comment).toMatch(/more servers are left out|The rest is cut at the length/);
  });

  test('that changes the policy is held to the policy of main', async () => {
    const files = overlay({ image: `docker.io/acme/${serverId}` });
    const head = await push({ ...files, 'mcp-hosting.yml': 'registries: [docker.io]\n' });
    const number = await openPullRequest();

    await hear(number, 'opened');

    expect(await checkRun(head)).toMatchObject({ conclusion: 'failure' });
    expect((await comments(number))[0]).toContain(
      'This pull request changes the policy; its servers are checked by the policy of `main`. By the changed one there would be no problem in the servers of this pull request.',
    );
  });

  test('into another branch is not checked until it goes into main', async () => {
    await git('push', '--quiet', '--force', 'origin', `origin/main:refs/heads/staging-${serial}`);
    const head = await push(overlay());
    const number = await openPullRequest(`staging-${serial}`);
    await hear(number, 'opened');
    expect(await checkRun(head)).toBeUndefined();

    await sandbox.person.rest.pulls.update({ ...REPO, pull_number: number, base: 'main' });
    await hear(number, 'edited');

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });

  test('whose newer push was heard first is told of the newer one alone', async () => {
    const first = await push(overlay());
    const number = await openPullRequest();
    const second = await push(overlay({ replicas: 2 }));
    await hear(number, 'synchronize', second);
    await hear(number, 'opened', first);

    expect(await checkRun(first)).toBeUndefined();
    expect(await checkRun(second)).toMatchObject({ conclusion: 'success' });
    expect(await comments(number)).toEqual([expect.stringContaining(second.slice(0, 7))]);
  });

  test('that is closed is left alone', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    await sandbox.person.rest.pulls.update({ ...REPO, pull_number: number, state: 'closed' });
    await hear(number, 'opened');
    expect(await checkRun(head)).toBeUndefined();
  });

  test('is checked again on request', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    await hear(number, 'opened');
    const check = await checkRun(head);
    const { payload } = await sandbox.webhook('check_run', (one) => one.check_run.head_sha === head);
    const again = { ...payload, action: 'rerequested' };
    // GitHub puts a run that is asked for again back to "queued".
    await sandbox.app.rest.checks.update({ ...REPO, check_run_id: check?.id ?? 0, status: 'queued' });

    await handleDelivery(platform, { id: 'again', event: 'check_run', payload: again });

    expect(await checkRun(head)).toMatchObject({ status: 'completed', conclusion: 'success' });
    expect((await checkRun(head))?.id).not.toBe(check?.id);
  });

  test('is checked again when its suite is asked for again, though GitHub names no pull request of a fork', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    const { payload } = await sandbox.webhook('pull_request', (one) => one.number === number);
    const seeing: Platform = {
      ...platform,
      pullRequestHeads: { ...platform.pullRequestHeads, pullRequestsAt: async () => [number] },
    };
    const { repository, sender, installation } = payload;
    const suite = { head_sha: head, pull_requests: [] };

    await handleDelivery(seeing, {
      id: 'suite',
      event: 'check_suite',
      payload: { action: 'rerequested', check_suite: suite, repository, sender, installation },
    });

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });

  test('is held to a policy that changes while it is open', async () => {
    const head = await push(overlay({ image: `registry.example.org/acme/${serverId}` }));
    const number = await openPullRequest();
    await hear(number, 'opened');
    expect(await checkRun(head)).toMatchObject({ conclusion: 'failure' });

    await git('fetch', '--quiet', 'origin');
    await onMain({ 'mcp-hosting.yml': 'merge: review\nregistries: [registry.example.org]\n' });
    const { payload } = await sandbox.webhook(
      'push',
      ({ ref, commits }) =>
        ref === 'refs/heads/main' &&
        commits.some(({ added }: { added: string[] }) => added.includes('mcp-hosting.yml')),
    );
    await handleDelivery(platform, { id: 'policy', event: 'push', payload });

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
    expect(await comments(number)).toEqual([expect.stringContaining('### Manifests: 1 server added')]);
  });

  test('that needs more than the quota has is checked again once that is larger', async () => {
    const quota = (limitsCpu: string) =>
      `apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: mcp-servers }\nspec: { hard: { limits.cpu: ${limitsCpu} } }\n`;
    await onMain({ 'base/resource-quota.yaml': quota('100m') });
    const head = await push(overlay());
    const number = await openPullRequest();
    await hear(number, 'opened');
    expect((await checkRun(head))?.output?.summary).toContain('more limits.cpu than the namespace has');

    await git('fetch', '--quiet', 'origin');
    await onMain({ 'base/resource-quota.yaml': quota('"20"') });
    const { payload } = await sandbox.webhook(
      'push',
      ({ ref, commits }) =>
        ref === 'refs/heads/main' &&
        commits.some(({ modified }: { modified: string[] }) => modified.includes('base/resource-quota.yaml')),
    );
    await handleDelivery(platform, { id: 'quota', event: 'push', payload });

    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });

  test('whose event was lost is found', async () => {
    const head = await push(overlay());
    await openPullRequest();
    await reviewOpenPullRequests(platform, 'unchecked');
    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });

  test('told of by a try that ended before it heard so has one comment', async () => {
    const head = await push(overlay());
    const number = await openPullRequest();
    const { reports } = platform;
    const crashing: Platform = {
      ...platform,
      reports: {
        ...reports,
        publish: async (...args) => {
          await reports.publish(...args);
          throw new Error('The process ended');
        },
      },
    };
    const { payload } = await sandbox.webhook('pull_request', (one) => one.number === number);
    await expect(handleDelivery(crashing, { id: 'a', event: 'pull_request', payload })).rejects.toThrow('ended');

    await handleDelivery(platform, { id: 'a', event: 'pull_request', payload });

    expect(await comments(number)).toHaveLength(1);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
  });
});

describe('a merge queue', () => {
  const [published] = (
    createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: object[] }[]
  ).flatMap(({ name, examples }) => (name === 'merge_group' ? examples : []));

  /** Puts the branch that is checked out on top of another commit, as GitHub tries a pull request in its queue. */
  async function group(number: number, on: string): Promise<{ headSha: string; baseSha: string; ref: string }> {
    const [base, head] = [await resolve(on), await resolve(branch)];
    const ref = `gh-readonly-queue/main/pr-${number}-${base}`;
    await git('checkout', '--quiet', '-B', ref, base);
    await git('merge', '--quiet', '--no-ff', '--no-edit', head);
    await git('push', '--quiet', 'origin', 'HEAD');
    const headSha = await resolve('HEAD');
    await git('checkout', '--quiet', branch);
    return { headSha, baseSha: base, ref };
  }

  const resolve = async (name: string) => (await git('rev-parse', name)).stdout.trim();

  async function hearGroup(
    { headSha, baseSha, ref }: { headSha: string; baseSha: string; ref: string },
    baseRef = 'refs/heads/main',
  ): Promise<void> {
    const { data } = await sandbox.person.rest.repos.get(REPO);
    const payload = {
      ...published,
      merge_group: { head_sha: headSha, base_sha: baseSha, head_ref: `refs/heads/${ref}`, base_ref: baseRef },
      repository: data,
      installation: { id: 1 },
    };
    await handleDelivery(platform, { id: `group-${headSha}`, event: 'merge_group', payload });
  }

  /** A server with a domain of its own, on a branch and in a pull request. */
  async function withDomain(id: string, domain: string): Promise<number> {
    const policy = { route: { clusterIssuer: 'letsencrypt' } };
    await push(overlay({ config: { ...MINIMAL_OVERLAY.config, domains: [domain] }, policy }, id));
    return openPullRequest();
  }

  test('gets the check on the commit of its group, without another comment', async () => {
    await push(overlay());
    const number = await openPullRequest();
    await hear(number, 'opened');
    const tried = await group(number, 'origin/main');
    await hearGroup(tried);
    await hearGroup(tried);

    const { data } = await sandbox.person.rest.checks.listForRef({ ...REPO, ref: tried.headSha, filter: 'all' });
    expect(data.check_runs).toMatchObject([
      { name: CHECK, status: 'completed', conclusion: 'success', output: { title: '1 server added' } },
    ]);
    expect(await comments(number)).toHaveLength(1);
  });

  test('is told of what was broken on the way: each is held to what stands ahead of it', async () => {
    await onMain({ 'mcp-hosting.yml': 'customDomains: ["*.acme.org"]\nroute: {clusterIssuer: letsencrypt}\n' });
    const domain = `d${serial}.acme.org`;
    await withDomain(serverId, domain);
    const ahead = branch;
    branch = `${branch}-behind`;
    await git('checkout', '--quiet', '-B', branch, 'origin/main');
    const narrower = { 'mcp-hosting.yml': 'customDomains: ["*.other.org"]\nroute: {clusterIssuer: letsencrypt}\n' };
    await push(narrower);
    const tightening = await group(await openPullRequest(), 'origin/main');
    branch = ahead;
    const number = Number((await sandbox.person.rest.pulls.list({ ...REPO, head: `acme:${ahead}` })).data[0]?.number);

    const alone = await group(number, 'origin/main');
    await hearGroup(alone);
    expect(await checkRun(alone.headSha)).toMatchObject({ conclusion: 'success' });
    const behind = await group(number, tightening.headSha);
    await hearGroup(behind);
    expect(await checkRun(behind.headSha)).toMatchObject({ conclusion: 'failure' });
    await onMain({ 'mcp-hosting.yml': 'merge: review\n' });
  });

  test('of another branch, of a closed pull request, and of another form of name gets none', async () => {
    await push(overlay());
    const number = await openPullRequest();
    const tried = await group(number, 'origin/main');
    await hearGroup(tried, 'refs/heads/other');
    await hearGroup({ ...tried, ref: 'gh-readonly-queue/main/batch-7' });
    await sandbox.person.rest.pulls.update({ ...REPO, pull_number: number, state: 'closed' });
    await hearGroup(tried);

    expect(await checkRun(tried.headSha)).toBeUndefined();
  });
});

describe('a fork', () => {
  test('is checked by its head, which the repository itself holds', async () => {
    const { body } = await sandbox.control('POST', '/users', { login: 'mallory' });
    const mallory = sandbox.octokit(body.token);
    await mallory.rest.repos.createFork({ ...REPO });
    const path = `servers/${serverId}/pod.yaml`;
    const { data } = await mallory.rest.repos.createOrUpdateFileContents({
      owner: 'mallory',
      repo: REPO.repo,
      path,
      message: 'Evil',
      content: Buffer.from('apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: hunter22}\n').toString(
        'base64',
      ),
    });
    const pull = await mallory.rest.pulls.create({ ...REPO, base: 'main', head: 'mallory:main', title: 'Evil' });

    await hear(pull.data.number, 'opened');

    expect(await checkRun(data.commit.sha ?? '')).toMatchObject({ conclusion: 'failure' });
    const [comment = ''] = await comments(pull.data.number);
    expect(comment).toContain('it holds a Secret, whose values would stand in git');
    expect(comment).not.toContain('hunter22');
  });
});

describe('a pull request of the bot', () => {
  const rolloutId = '0b6cfa2e-6f5c-4f6e-9f0e-000000000001';

  async function propose(change: Partial<OverlayInput> = {}): Promise<{ number: number; head: string }> {
    const files = Object.fromEntries(
      Object.entries(overlay(change)).map(([path, text]) => [path.split('/')[2] ?? '', text]),
    );
    const outcome = await platform.proposals.propose(
      {
        serverId,
        rolloutId,
        files,
        title: `${serverId}: deploy`,
        body: `Merging this brings it up.\n\n${rolloutMarker(rolloutId)}`,
        message: `${serverId}: deploy\n\nRollout: ${rolloutId}\n`,
        snapshot: undefined as never,
      },
      true,
    );
    if (outcome.kind !== 'opened') throw new Error(`Cannot propose: ${outcome.kind}`);
    return { number: outcome.pullRequest.number, head: outcome.branchHeadSha };
  }

  test('passes without a comment, since its body has the diff', async () => {
    const { number, head } = await propose();
    await forgetRequests();
    await hear(number, 'opened');
    expect(await requests()).toEqual(['read', 'read', 'write']);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
    expect(await comments(number)).toEqual([]);
  });

  test('says which of its secrets are not set, until they are', async () => {
    const { number, head } = await propose({ config: { ...MINIMAL_OVERLAY.config, env: ['LOG_LEVEL', 'TOKEN'] } });
    const names: string[] = [];
    const waiting = { stage: 'proposed', proposal: { number, branchHeadSha: head } } as unknown as Rollout;
    const original = platform;
    platform = {
      ...original,
      serverSecrets: { ...original.serverSecrets, names: async () => names },
      rollouts: { ...original.rollouts, unfinished: async () => [waiting] },
    };
    const titles: (string | null | undefined)[] = [];

    await hear(number, 'opened');
    titles.push((await checkRun(head))?.output.title);
    expect((await checkRun(head))?.output.summary).toContain(
      `Run \`npx mcp-hosting secrets set ${serverId} LOG_LEVEL\`, and the same for \`TOKEN\``,
    );
    for (const name of ['LOG_LEVEL', 'TOKEN']) {
      names.push(name);
      await renewProposalCheck(platform, serverId);
      titles.push((await checkRun(head))?.output.title);
    }
    platform = {
      ...platform,
      serverSecrets: { ...original.serverSecrets, names: () => Promise.reject(new RetryLaterError('Down', 1_000)) },
    };
    await renewProposalCheck(platform, serverId);
    titles.push((await checkRun(head))?.output.title);
    platform = original;

    expect(titles).toEqual([
      '1 server added · 2 secrets not set',
      '1 server added · 1 secret not set',
      '1 server added',
      '1 server added',
    ]);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'success' });
    expect(await comments(number)).toEqual([]);
  });

  test('that a person takes beyond its server fails, with a comment', async () => {
    const { number } = await propose();
    await git('fetch', '--quiet', 'origin');
    branch = `mcp-hosting/${serverId}`;
    await git('checkout', '--quiet', '-B', branch, `origin/${branch}`);
    const head = await push({ 'base/more.yaml': 'a: 1\n' });
    await hear(number, 'synchronize', head);
    expect(await checkRun(head)).toMatchObject({ conclusion: 'failure' });
    expect((await comments(number))[0]).toContain('it belongs to that server alone');
  });
});
