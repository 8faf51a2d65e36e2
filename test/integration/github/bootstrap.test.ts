import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run-cli.ts';
import { SCAFFOLD_RECORD } from '../../../src/domain/scaffold/scaffold-record.ts';
import {
  createTestRepository,
  putFile,
  startTestGitHub,
  stopWithoutViolations,
  type TestGitHub,
} from '../../sandbox-github/start-test-github.ts';
import { capturedTerminal } from '../../unit/cli/captured-terminal.ts';
import { testDirectory } from '../../unit/cli/test-directory.ts';

/** `mcp-hosting bootstrap` against the sandbox's GitHub, which holds every request against GitHub's own schemas. */
let github: TestGitHub;
let repo: string;
let serial = 0;
const empty = testDirectory();

beforeAll(async () => {
  github = await startTestGitHub();
});
afterAll(async () => {
  empty.remove();
  await stopWithoutViolations(github);
});

beforeEach(async () => {
  serial += 1;
  repo = `deployments-${serial}`;
  await createTestRepository(github, repo);
});

test('opens one pull request with the whole scaffold, and with nothing else', async () => {
  const result = await bootstrap('--domain', 'mcp.example.com');

  expect(result).toMatchObject({ code: 0, stderr: '' });
  const [pull, ...others] = await pulls();
  expect(others).toEqual([]);
  expect(pull).toMatchObject({
    title: 'Set up the deployments repository',
    state: 'open',
    head: { ref: 'mcp-hosting/scaffold' },
  });
  expect(result.stdout).toContain(`proposed: ${pull?.html_url}`);
  const { data: files } = await github.person.rest.pulls.listFiles({
    owner: 'acme',
    repo,
    pull_number: pull?.number ?? 0,
  });
  const paths = files.map(({ filename }) => filename);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'base/namespace.yaml', '.github/workflows/check.yml', SCAFFOLD_RECORD]),
  );
  expect(await fileOn('mcp-hosting/scaffold', 'base/namespace.yaml')).toContain('enforce: restricted');
  expect(await fileOn('mcp-hosting/scaffold', 'argocd/applicationset.yaml')).toContain(`/acme/${repo}.git`);
});

test('run again, it finds its pull request and writes nothing', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  const before = await headOf('mcp-hosting/scaffold');

  const again = await bootstrap();

  expect(again.stdout).toMatch(/^Nothing new to propose: http.* is open\.\n$/);
  expect(await headOf('mcp-hosting/scaffold')).toBe(before);
  expect(await pulls()).toHaveLength(1);
});

test('once merged, nothing is left to change, and the options are remembered', async () => {
  await bootstrap('--domain', 'mcp.example.com', '--route', 'ingress', '--servers', '20');
  await mergeOpen();

  const again = await bootstrap();

  expect(again).toMatchObject({ code: 0, stdout: 'Nothing to change: it is up to date.\n' });
  expect(await pulls()).toEqual([]);
});

test('--dry-run prints the diff and writes nothing', async () => {
  const result = await bootstrap('--domain', 'mcp.example.com', '--dry-run');

  expect(result.stdout).toContain('+++ b/base/namespace.yaml\n');
  expect(result.stdout).toContain('+    pod-security.kubernetes.io/enforce: restricted\n');
  expect(result.stdout).toMatch(/\d+ files would change\. Nothing was written\.\n$/);
  expect(result.stdout).not.toContain(`+++ b/${SCAFFOLD_RECORD}`);
  expect(await pulls()).toEqual([]);
});

describe('after people changed merged files', () => {
  beforeEach(async () => {
    await bootstrap('--domain', 'mcp.example.com');
    await mergeOpen();
  });

  test('their changes stay beside what is new', async () => {
    const policy = await fileOn('main', 'base/network-policy.yaml');
    await edit(
      'base/network-policy.yaml',
      policy.replace('240.0.0.0/4', '240.0.0.0/4\n              - 203.0.113.0/24'),
    );

    const result = await bootstrap('--scale-to-zero');

    expect(result.stdout).not.toContain(' ! ');
    const merged = await fileOn('mcp-hosting/scaffold', 'base/network-policy.yaml');
    expect(merged).toContain('203.0.113.0/24');
    expect(merged).toContain('envoy-gateway-system, keda]');
    const changed = await changedPaths();
    expect(changed).toEqual(
      expect.arrayContaining(['base/network-policy.yaml', 'keda/reference-grant.yaml', 'mcp-hosting.yml']),
    );
    expect(changed).not.toContain('argocd/applicationset.yaml');
  });

  test('where both changed one line, theirs stays, and both are shown on the terminal and in the pull request', async () => {
    const quota = await fileOn('main', 'base/resource-quota.yaml');
    await edit('base/resource-quota.yaml', quota.replace('pods: "130"', 'pods: "999"'));

    const result = await bootstrap('--servers', '50', '--json');

    const { conflicts, pullRequest } = JSON.parse(result.stdout);
    expect(conflicts).toMatchObject([{ path: 'base/resource-quota.yaml', reason: 'lines' }]);
    expect(await fileOn('mcp-hosting/scaffold', 'base/resource-quota.yaml')).toContain('pods: "999"');
    const { data: pull } = await github.person.rest.pulls.get({ owner: 'acme', repo, pull_number: pullRequest.number });
    expect(pull.body).toContain('pods: "999"');
    expect(pull.body).toContain('pods: "65"');
    expect(pull.body).toContain('**1 conflict.**');
  });

  test('a conflict is told once: after the merge the next run has nothing to do', async () => {
    const quota = await fileOn('main', 'base/resource-quota.yaml');
    await edit('base/resource-quota.yaml', quota.replace('pods: "130"', 'pods: "999"'));
    await bootstrap('--servers', '50');
    await mergeOpen();

    expect((await bootstrap()).stdout).toBe('Nothing to change: it is up to date.\n');
  });

  test('what they change on the branch of an open pull request stays too, and its conflicts are still told', async () => {
    const quota = await fileOn('main', 'base/resource-quota.yaml');
    await edit('base/resource-quota.yaml', quota.replace('pods: "130"', 'pods: "999"'));
    await bootstrap('--servers', '50');
    const namespace = await fileOn('mcp-hosting/scaffold', 'base/namespace.yaml');
    await edit('base/namespace.yaml', `${namespace}    team: platform\n`, 'mcp-hosting/scaffold');

    await bootstrap('--scale-to-zero');

    expect(await fileOn('mcp-hosting/scaffold', 'base/namespace.yaml')).toContain('team: platform');
    expect(await fileOn('mcp-hosting/scaffold', 'base/resource-quota.yaml')).toContain('pods: "999"');
    const [pull, ...others] = await pulls();
    expect(others).toEqual([]);
    expect(pull?.body).toContain('**1 conflict.**');
  });

  test('a closed pull request is followed by another one from the present head', async () => {
    await bootstrap('--scale-to-zero');
    const [first] = await pulls();
    await github.person.rest.pulls.update({ owner: 'acme', repo, pull_number: first?.number ?? 0, state: 'closed' });
    await edit('servers/hello-k3v9x2/kustomization.yaml', 'resources: []\n', 'main');

    await bootstrap('--scale-to-zero');

    const [second] = await pulls();
    expect(second?.number).toBeGreaterThan(first?.number ?? 0);
    expect(await changedPaths()).not.toContain('servers/hello-k3v9x2/kustomization.yaml');
  });
});

test('a repository without any commit gets a first one, then the pull request', async () => {
  repo = `empty-${serial}`;
  await github.person.rest.repos.createInOrg({ org: 'acme', name: repo, auto_init: false });

  const dry = await bootstrap('--domain', 'mcp.example.com', '--dry-run');
  const wrong = await tryBootstrap('--domain', 'not a domain');
  expect((await github.person.rest.repos.listBranches({ owner: 'acme', repo })).data).toEqual([]);
  const result = await bootstrap('--domain', 'mcp.example.com');

  expect([dry.code, wrong.code, result.code]).toEqual([0, 2, 0]);
  expect(await pulls()).toHaveLength(1);
  expect(await fileOn('mcp-hosting/scaffold', 'README.md')).toContain('# MCP server deployments');
});

test('an answer that is lost costs nothing: the next run finds its pull request', async () => {
  const match = { operation: 'createCommitOnBranch', actor: 'person' };
  await github.control('POST', '/faults', { match, action: { kind: 'close', when: 'after' } });

  const lost = await tryBootstrap('--domain', 'mcp.example.com', '--json');
  const again = await bootstrap();

  expect(lost.code).toBe(1);
  expect(JSON.parse(lost.stderr).error.code).toBe('github-unreachable');
  expect(again.stdout).toContain('Nothing new to propose');
  expect(await pulls()).toHaveLength(1);
});

test('what somebody pushes to the branch while it is being written is read and kept', async () => {
  await bootstrap('--domain', 'mcp.example.com');
  const match = { operation: 'createCommitOnBranch', actor: 'person' };
  const action = { kind: 'hold', when: 'before' };
  const { body: fault } = await github.control('POST', '/faults', { match, action });
  const running = bootstrap('--scale-to-zero');
  await github.control('GET', `/faults/${fault.id}?wait_ms=30000&for=held`);
  const namespace = await fileOn('mcp-hosting/scaffold', 'base/namespace.yaml');
  await edit('base/namespace.yaml', `${namespace}    team: platform\n`, 'mcp-hosting/scaffold');

  await github.control('POST', `/faults/${fault.id}/release`);
  const result = await running;

  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(await fileOn('mcp-hosting/scaffold', 'base/namespace.yaml')).toContain('team: platform');
  expect(await fileOn('mcp-hosting/scaffold', 'mcp-hosting.yml')).toContain('toZero: true');
});

test('works as the App too, with nothing but its id and key', async () => {
  const result = await bootstrapWith(
    { APP_ID: String(github.appId), PRIVATE_KEY: github.privateKeyPem },
    '--domain',
    'mcp.example.com',
  );

  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect((await pulls())[0]?.user?.login).toBe('mcp-hosting[bot]');
});

test.each([
  [{}, 'settings-missing', 2],
  [{ GITHUB_TOKEN: 'ghp_wrong' }, 'github-unauthorized', 1],
])('with %j it ends with %s', async (env, code, exitCode) => {
  const result = await bootstrapWith(env as Record<string, string>, '--domain', 'mcp.example.com', '--json');

  expect(result.code).toBe(exitCode);
  expect(JSON.parse(result.stderr).error.code).toBe(code);
});

test('a repository that is not there is told as such', async () => {
  repo = 'nowhere';

  const result = await tryBootstrap('--domain', 'mcp.example.com');

  expect(result.code).toBe(1);
  expect(result.stderr).toContain('Cannot propose the scaffold in "acme/nowhere"');
  expect(result.stderr).toContain('gh repo create acme/nowhere');
});

/** @throws where it fails */
async function bootstrap(...args: string[]) {
  const result = await tryBootstrap(...args);
  if (result.code !== 0) throw new Error(`bootstrap ended with ${result.code}: ${result.stderr}`);
  return result;
}

function tryBootstrap(...args: string[]) {
  return bootstrapWith({ GITHUB_TOKEN: github.userToken }, ...args);
}

async function bootstrapWith(env: Record<string, string>, ...args: string[]) {
  const { terminal, stdout, stderr } = capturedTerminal();
  const code = await runCli(['bootstrap', '--repository', `acme/${repo}`, ...args], {
    terminal,
    env: { GITHUB_API_URL: github.url, ...env },
    cwd: empty.path,
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

async function pulls() {
  return (await github.person.rest.pulls.list({ owner: 'acme', repo, state: 'open' })).data;
}

async function mergeOpen(): Promise<void> {
  const [open] = await pulls();
  await github.person.rest.pulls.merge({ owner: 'acme', repo, pull_number: open?.number ?? 0 });
}

async function changedPaths(): Promise<string[]> {
  const [open] = await pulls();
  const { data } = await github.person.rest.pulls.listFiles({ owner: 'acme', repo, pull_number: open?.number ?? 0 });
  return data.map(({ filename }) => filename);
}

async function headOf(branch: string): Promise<string> {
  return (await github.person.rest.git.getRef({ owner: 'acme', repo, ref: `heads/${branch}` })).data.object.sha;
}

async function fileOn(ref: string, path: string): Promise<string> {
  const { data } = await github.person.rest.repos.getContent({ owner: 'acme', repo, path, ref });
  return 'content' in data ? Buffer.from(data.content, 'base64').toString() : '';
}

async function edit(path: string, content: string, branch = 'main'): Promise<void> {
  const found = await github.person.rest.repos
    .getContent({ owner: 'acme', repo, path, ref: branch })
    .catch(() => undefined);
  const sha = found && 'sha' in found.data ? { sha: found.data.sha } : {};
  await putFile(github, { repo, path, content, branch, ...sha });
}
