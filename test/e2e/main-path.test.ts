import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { deploymentRequests } from './people.ts';
import { type E2ePlatform, startPlatform, tinyServer, WAIT_MS_MAX } from './platform.ts';

const CONNECT = fileURLToPath(new URL('../../connect/bin/mcp-connect.js', import.meta.url));
const example = (path: string) => readFile(new URL(`../../examples/${path}`, import.meta.url), 'utf8');

let platform: E2ePlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, WAIT_MS_MAX);
afterAll(async () => {
  const violations = await platform?.control<unknown[]>('GET', '/violations');
  await platform?.close();
  expect(violations).toEqual([]);
}, WAIT_MS_MAX);

async function callApi(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${platform.file.apiUrl}/api/hosting${path}`, {
    method,
    headers: { authorization: `Bearer ${platform.file.apiToken}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return response.json();
}

/** What the endpoint answers to a request with this key. */
function statusWith(serverId: string, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(platform.file.gatewayUrl);
    const headers = {
      host: `${serverId}.localhost`,
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const options = { host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers, agent: false };
    const call = request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }));
  });
}

/** A key, once the wrapper has it: the kubelet renews its file while it runs. */
async function makeKey(serverId: string, name: string): Promise<{ id: string; key: string }> {
  const made = (await callApi('POST', `/servers/${serverId}/keys`, { name })) as { id: string; key: string };
  await platform.waitFor('the key to be let in', async () => (await statusWith(serverId, made.key)) !== 401);
  return made;
}

/** A tool call by the official SDK client through `mcp-connect`. */
async function callThroughConnect(serverId: string, endpointUrl: string, tool: string, args: Record<string, unknown>) {
  const { key } = await makeKey(serverId, 'e2e');
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CONNECT, serverId],
    env: { PATH: process.env.PATH ?? '', MCP_CONNECT_URL: endpointUrl, MCP_CONNECT_KEY: key },
  });
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    const result = await client.callTool({ name: tool, arguments: args });
    return { tools: tools.map(({ name }) => name), result };
  } finally {
    await client.close();
  }
}

async function host(name: string): Promise<{ serverId: string; issue: number; row: Record<string, unknown> }> {
  const issue = await platform.openIssue(name);
  await platform.comment(name, issue, '/host');
  const { server_id: serverId } = await platform.waitFor('a row', () => platform.row(name));
  await platform.merge((await platform.waitForProposal(serverId)).number);
  return { serverId, issue, row: await platform.waitForStatus(name, 'running') };
}

/** Waits until the bot has told people of the end. */
function waitUntilSettled(serverId: string): Promise<unknown> {
  return platform.waitFor('the last report', async () => {
    const [found] = await platform.query(
      'SELECT count(*)::int AS open FROM rollouts WHERE server_id = $1 AND NOT settled',
      [serverId],
    );
    return found?.open === 0;
  });
}

describe('a server with a build', () => {
  let serverId: string;
  let issue: number;
  let commit: string;

  test(
    'goes from /host to a tool call',
    async () => {
      commit = await platform.push('hello', {
        'package.json': await example('hello/package.json'),
        'package-lock.json': await example('hello/package-lock.json'),
        'src/server.ts': await example('hello/src/server.ts'),
        '.mcp-hosting.yml': await example('hello/.mcp-hosting.yml'),
      });
      await platform.control('DELETE', '/requests');
      const hosted = await host('hello');
      ({ serverId, issue } = hosted);
      await waitUntilSettled(serverId);
      expect(await deploymentRequests(platform)).toBeLessThanOrEqual(7);
      expect(hosted.row).toMatchObject({
        server_id: serverId,
        docker_image: `ghcr.io/acme/mcp-servers/${serverId}`,
        image_tag: commit.slice(0, 7),
        k8s_namespace: 'mcp-servers',
        k8s_deployment_name: `mcp-${serverId}`,
        status_message: null,
        tools: [{ name: 'greet' }, { name: 'add' }].map((tool) => expect.objectContaining(tool)),
      });
      const call = await callThroughConnect(serverId, String(hosted.row.endpoint_url), 'add', { a: 2, b: 3 });
      expect(call.tools).toEqual(['greet', 'add']);
      expect(JSON.stringify(call.result)).toContain('5');
    },
    WAIT_MS_MAX,
  );

  test('has a green check run, one sticky comment, reactions and a GitHub deployment', async () => {
    const { rest } = platform.you;
    const repository = { owner: 'acme', repo: 'hello' };
    const { data: checks } = await rest.checks.listForRef({ ...repository, ref: commit });
    expect(checks.check_runs.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ['mcp-hosting / deploy', 'success'],
    ]);
    const { data: comments } = await rest.issues.listComments({ ...repository, issue_number: issue });
    const ours = comments.filter(({ user }) => user?.type === 'Bot');
    expect(ours).toHaveLength(1);
    expect(ours[0]?.body).toContain(`### ${serverId} is running`);
    const host = comments.find(({ body }) => body === '/host');
    const { data: reactions } = await rest.reactions.listForIssueComment({ ...repository, comment_id: host?.id ?? 0 });
    expect(reactions.map(({ content }) => content)).toEqual(['eyes', 'rocket']);
    const { data: deployments } = await rest.repos.listDeployments({ ...repository });
    expect(deployments).toHaveLength(1);
    const { data: statuses } = await rest.repos.listDeploymentStatuses({
      ...repository,
      deployment_id: deployments[0]?.id ?? 0,
    });
    expect(statuses[0]).toMatchObject({ state: 'success', environment: serverId });
  });

  test(
    'lets in who has a key, until it is revoked, without a restart; and strangers never',
    async () => {
      const pods = async () => ((await callApi('GET', `/servers/${serverId}/status`)) as { pods: object[] }).pods;
      const before = await pods();
      const kept = await makeKey(serverId, 'kept');
      const { id, key } = await makeKey(serverId, 'short');

      const listed = (await callApi('GET', `/servers/${serverId}/keys`)) as {
        keys: { name: string; lastUsedAt: string | null }[];
      };
      await callApi('DELETE', `/servers/${serverId}/keys/${id}`);
      await platform.waitFor('the key to be refused', async () => (await statusWith(serverId, key)) === 401);

      expect(listed.keys.map(({ name }) => name)).toEqual(['e2e', 'kept', 'short']);
      for (const { lastUsedAt } of listed.keys) expect(lastUsedAt).not.toBeNull();
      expect(await statusWith(serverId, kept.key)).not.toBe(401);
      expect(await statusWith(serverId, 'mcp_nobody')).toBe(401);
      expect(await pods()).toEqual(before);
    },
    WAIT_MS_MAX,
  );

  test(
    'stops and starts by a one-line change each',
    async () => {
      for (const [command, status, count] of [
        ['/stop', 'stopped', '0'],
        ['/start', 'running', '1'],
      ] as const) {
        await platform.comment('hello', issue, command);
        const proposal = await platform.waitForProposal(serverId);
        const { data: files } = await platform.you.rest.pulls.listFiles({
          owner: 'acme',
          repo: 'mcp-server-deployments',
          pull_number: proposal.number,
        });
        expect(files.map(({ filename, additions, deletions }) => ({ filename, additions, deletions }))).toEqual([
          { filename: `servers/${serverId}/kustomization.yaml`, additions: 1, deletions: 1 },
        ]);
        expect(files[0]?.patch).toContain(`+  count: ${count}`);
        await platform.merge(proposal.number);
        await platform.waitForStatus('hello', status);
      }
    },
    WAIT_MS_MAX,
  );

  test('tells its state on /status in the comment that is there', async () => {
    const id = await platform.comment('hello', issue, '> /stop\n\n/status\n\n```\n/delete\n```');
    await platform.waitFor('a reaction', async () => {
      const { data } = await platform.you.rest.reactions.listForIssueComment({
        owner: 'acme',
        repo: 'hello',
        comment_id: id,
      });
      return data.some(({ content }) => content === 'rocket');
    });
    const { data: comments } = await platform.you.rest.issues.listComments({
      owner: 'acme',
      repo: 'hello',
      issue_number: issue,
    });
    expect(comments.filter(({ user }) => user?.type === 'Bot')).toHaveLength(1);
  });

  test(
    'rolls a push out, and a newer push takes the place of one that was not merged',
    async () => {
      const readme = (text: string) => ({ 'README.md': text });
      const first = await platform.push('hello', readme('one'));
      const proposal = await platform.waitForProposal(serverId);
      expect(proposal.title).toContain(first.slice(0, 7));
      const second = await platform.push('hello', readme('two'));
      const renewed = await platform.waitFor('the newer version', async () => {
        const found = await platform.waitForProposal(serverId);
        return found.title.includes(second.slice(0, 7)) && found;
      });
      expect(renewed.number).toBe(proposal.number);
      const conclusion = await platform.waitFor('the older check run', async () => {
        const { data } = await platform.you.rest.checks.listForRef({ owner: 'acme', repo: 'hello', ref: first });
        return data.check_runs[0]?.conclusion;
      });
      expect(conclusion).toBe('cancelled');
      await platform.merge(renewed.number);
      await platform.waitFor(
        'the new version',
        async () => (await platform.row('hello'))?.image_tag === second.slice(0, 7),
      );
      await platform.waitForStatus('hello', 'running');
    },
    WAIT_MS_MAX,
  );

  test(
    'is deleted with its overlay, Application and Secrets',
    async () => {
      await platform.comment('hello', issue, '/delete');
      await platform.merge((await platform.waitForProposal(serverId)).number);
      const row = await platform.waitForStatus('hello', 'deleted');
      expect(row.deleted_at).not.toBeNull();
      const overlay = await platform.you.rest.repos
        .getContent({ owner: 'acme', repo: 'mcp-server-deployments', path: `servers/${serverId}` })
        .then(
          () => 'there',
          (error: { status: number }) => error.status,
        );
      expect(overlay).toBe(404);
    },
    WAIT_MS_MAX,
  );
});

describe('a package of npm', () => {
  test(
    'is hosted with nothing but a package.json and a configuration',
    async () => {
      await platform.push('everything', {
        'package.json': await example('everything/package.json'),
        '.mcp-hosting.yml': await example('everything/.mcp-hosting.yml'),
      });
      const { serverId, row } = await host('everything');
      const call = await callThroughConnect(serverId, String(row.endpoint_url), 'echo', { message: 'hi' });
      expect(call.tools.length).toBeGreaterThan(5);
      expect(JSON.stringify(call.result)).toContain('hi');
    },
    WAIT_MS_MAX,
  );
});

describe('a proposal', () => {
  test(
    'that people close cancels the rollout and says so',
    async () => {
      await platform.push('closed', tinyServer());
      const issue = await platform.openIssue('closed');
      await platform.comment('closed', issue, '/host');
      const { server_id: serverId } = await platform.waitFor('a row', () => platform.row('closed'));
      const { number } = await platform.waitForProposal(serverId);
      await platform.you.rest.pulls.update({
        owner: 'acme',
        repo: 'mcp-server-deployments',
        pull_number: number,
        state: 'closed',
      });
      const row = await platform.waitForStatus('closed', 'failed');
      expect(row.status_message).toBe('The deployment pull request was closed by @you without a merge.');
    },
    WAIT_MS_MAX,
  );
});
