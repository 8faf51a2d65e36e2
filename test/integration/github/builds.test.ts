import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeGitHub } from './fake-github.ts';

const repository = { owner: 'acme', name: 'hello-server' };
const rolloutId = '0b6cfa2e-6f5c-4f6e-9f0e-2f1b7f2f0001';
const dispatches = 'POST /repos/acme/hello-server/actions/workflows/mcp-hosting.yml/dispatches';
const runs = 'GET /repos/acme/hello-server/actions/workflows/mcp-hosting.yml/runs?event=workflow_dispatch&per_page=50';
const url = 'https://github.test/acme/hello-server/actions/runs/77';
const request = {
  installationId: 5,
  repository,
  defaultBranch: 'main',
  inputs: { rollout: rolloutId, 'server-id': 'hello-x1', command: '' },
  rolloutId,
};

let fake: FakeGitHub;
beforeEach(async () => {
  fake = await FakeGitHub.start();
});
afterEach(() => fake.close());

describe('dispatch', () => {
  test('takes one request and follows the run that it made', async () => {
    fake.on(dispatches, 200, { workflow_run_id: 77, run_url: 'https://github.test/api/77', html_url: url });

    const build = await fake.github.builds.dispatch(request, false);

    expect(build).toEqual({ runId: 77, url });
    expect(fake.rest).toHaveLength(1);
    expect(fake.rest[0]?.body).toEqual({ ref: 'main', inputs: request.inputs, return_run_details: true });
  });

  test('on a retry finds the run by its name', async () => {
    fake.on(runs, 200, {
      total_count: 2,
      workflow_runs: [
        { id: 78, name: 'mcp-hosting other', display_title: 'mcp-hosting other', html_url: 'https://github.test/78' },
        { id: 77, name: 'mcp-hosting', display_title: `mcp-hosting ${rolloutId}`, html_url: url },
      ],
    });

    const build = await fake.github.builds.dispatch(request, true);

    expect(build).toEqual({ runId: 77, url });
    expect(fake.rest).toHaveLength(1);
  });

  test('on a retry dispatches when there is no run of it', async () => {
    fake.on(runs, 200, { total_count: 0, workflow_runs: [] });
    fake.on(dispatches, 200, { workflow_run_id: 77, html_url: url });

    await expect(fake.github.builds.dispatch(request, true)).resolves.toEqual({ runId: 77, url });
  });

  test('looks for the run later where GitHub does not name it', async () => {
    fake.on(dispatches, 204);

    await expect(fake.github.builds.dispatch(request, false)).rejects.toMatchObject({ name: 'RetryLaterError' });
  });

  test.each([
    [404, 'workflow-missing'],
    [422, 'workflow-refused'],
  ])('a %i says %s', async (status, code) => {
    fake.on(dispatches, status, { message: "Workflow does not have 'workflow_dispatch' trigger" });

    await expect(fake.github.builds.dispatch(request, false)).rejects.toMatchObject({ name: 'UserError', code });
  });
});

describe('read', () => {
  const run = 'GET /repos/acme/hello-server/actions/runs/77';
  const jobs = `${run}/jobs?per_page=10`;
  const jobLog = 'GET /repos/acme/hello-server/actions/jobs/9/logs';
  const failed = { id: 77, status: 'completed', conclusion: 'failure', html_url: url };
  const failedJobs = {
    total_count: 1,
    jobs: [
      {
        id: 9,
        conclusion: 'failure',
        steps: [
          { name: 'Check out', conclusion: 'success' },
          { name: 'Build', conclusion: 'failure' },
        ],
      },
    ],
  };
  const read = () => fake.github.builds.read(5, repository, 77);

  test.each(['queued', 'in_progress', 'waiting'])('a run that is %s is running', async (status) => {
    fake.on(run, 200, { id: 77, status, conclusion: null, html_url: url });

    await expect(read()).resolves.toEqual({ state: 'running' });
  });

  test('a failed run gives its step and the end of its log, from storage and without our token', async () => {
    const lines = Array.from(
      { length: 30 },
      (_, line) => `2026-11-01T10:00:00.1234567Z \u001b[31mline ${line}\u001b[0m`,
    );
    const storage = await startStorage(`\uFEFF${lines.join('\n')}\n`);
    fake.on(run, 200, failed).on(jobs, 200, failedJobs).on(jobLog, 302, '', { location: storage.url });

    const build = await read();

    expect(build).toEqual({
      state: 'failed',
      conclusion: 'failure',
      url,
      log: ['Failed step: Build', ...Array.from({ length: 20 }, (_, line) => `line ${line + 10}`)],
    });
    expect(storage.authorizations).toEqual([undefined]);
    await storage.close();
  });

  test('keeps little of a log without end', async () => {
    const storage = await startStorage(`${'x'.repeat(1000)}\n`.repeat(2000));
    fake.on(run, 200, failed).on(jobs, 200, failedJobs).on(jobLog, 302, '', { location: storage.url });

    const build = await read();

    expect(JSON.stringify(build).length).toBeLessThan(20 * 520 + 300);
    await storage.close();
  });

  test('is still an answer when the log is gone', async () => {
    fake.on(run, 200, failed).on(jobs, 200, failedJobs).on(jobLog, 404, { message: 'Not Found' });

    await expect(read()).resolves.toMatchObject({ state: 'failed', log: ['Failed step: Build'] });
    expect(fake.logged).toHaveLength(1);
  });

  test('finds the digest that a build printed last', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    fake.on(run, 200, { id: 77, status: 'completed', conclusion: 'success', html_url: url });
    fake.on(jobs, 200, { total_count: 1, jobs: [{ id: 9, conclusion: 'success', steps: [] }] });
    fake.on(jobLog, 200, `DIGEST: sha256:${'0'.repeat(64)}\n  DIGEST: ${digest}\n`);

    await expect(read()).resolves.toEqual({ state: 'succeeded', digest });
  });
});

test.each([202, 404, 409])('cancel takes %i for done', async (status) => {
  fake.on('POST /repos/acme/hello-server/actions/runs/77/cancel', status, {});

  await expect(fake.github.builds.cancel(5, repository, 77)).resolves.toBeUndefined();
});

async function startStorage(body: string) {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`, authorizations, close };
}
