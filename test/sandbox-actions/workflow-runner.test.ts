// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GitHub's expressions have the same syntax.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { WorkflowRun } from '../../sandbox/actions/workflow-runner.ts';
import { createRunnerBench, type RunnerBench, TOKEN } from './runner-fixtures.ts';

let bench: RunnerBench;

beforeEach(async () => {
  bench = await createRunnerBench();
});

afterEach(() => bench.close());

/** Commits a workflow of one job with the given steps, and runs it. */
async function runSteps(steps: object[], overrides: Partial<WorkflowRun> = {}, files: Record<string, string> = {}) {
  return runWorkflow(
    { on: 'workflow_dispatch', jobs: { one: { 'runs-on': 'ubuntu-24.04', steps } } },
    overrides,
    files,
  );
}

async function runWorkflow(workflow: object, overrides: Partial<WorkflowRun> = {}, files: Record<string, string> = {}) {
  const sha = await bench.commit('server', { '.github/workflows/mcp-hosting.yml': stringify(workflow), ...files });
  return bench.run(sha, overrides);
}

function texts(log: string[]): string[] {
  return log.map((line) => line.replace(/^\S+ /, ''));
}

test('steps see environment, outputs, files and the commit', async () => {
  const run = await runSteps(
    [
      { uses: 'actions/checkout@v4' },
      {
        id: 'first',
        run: 'echo "said=hello" >> "$GITHUB_OUTPUT"\necho "KEPT=yes" >> "$GITHUB_ENV"\nchmod +x tools/own-tool\necho "$PWD/tools" >> "$GITHUB_PATH"',
      },
      {
        name: 'Uses ${{ steps.first.outputs.said }}',
        env: { SAID: '${{ steps.first.outputs.said }}' },
        run: 'echo "got $SAID $KEPT"; own-tool; cat file.txt; echo "sum" >> "$GITHUB_STEP_SUMMARY"',
      },
      { run: 'pwd; echo "$GITHUB_REPOSITORY $GITHUB_RUN_ID $GITHUB_SHA $CI"', 'working-directory': 'sub' },
      { if: "steps.first.outputs.said == 'bye'", run: 'echo never' },
    ],
    {},
    { 'file.txt': 'from the commit\n', 'tools/own-tool': '#!/bin/sh\necho tool ran\n', 'sub/x': '' },
  );

  expect(await run.done).toBe('success');
  const shown = texts(run.log);
  expect(shown).toEqual(expect.arrayContaining(['got hello yes', 'tool ran', 'from the commit']));
  expect(shown.some((line) => line.endsWith('/server/sub'))).toBe(true);
  expect(shown.some((line) => /^acme\/server 7 [0-9a-f]{40} true$/.test(line))).toBe(true);
  const steps = run.jobs.get('one')?.steps.map((step) => [step.name, step.conclusion]);
  expect(steps?.[2]).toEqual(['Uses hello', 'success']);
  expect(steps?.[4]?.[1]).toBe('skipped');
  expect(run.log.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z /.test(line))).toBe(true);
});

test('a failing step skips the next ones, except those that ask for it', async () => {
  const run = await runSteps([
    { run: 'echo tolerated; exit 1', 'continue-on-error': true },
    { id: 'bad', run: 'false\necho not reached' },
    { run: 'echo skipped' },
    { if: 'failure()', run: 'echo "cleaning after ${{ steps.bad.outcome }}"' },
    { if: 'always()', run: 'echo last' },
  ]);

  expect(await run.done).toBe('failure');
  expect(run.jobs.get('one')?.steps.map((step) => step.conclusion)).toEqual([
    'success',
    'failure',
    'skipped',
    'success',
    'success',
  ]);
  const shown = texts(run.log);
  expect(shown).toEqual(
    expect.arrayContaining(['##[error]Process completed with exit code 1.', 'cleaning after failure', 'last']),
  );
  expect(shown).not.toContain('not reached');
});

test('jobs wait for what they need, and hand on outputs', async () => {
  const job = (extra: object) => ({ 'runs-on': 'ubuntu-24.04', ...extra });
  const run = await runWorkflow({
    on: 'workflow_dispatch',
    jobs: {
      last: job({
        needs: ['first', 'broken'],
        if: 'always()',
        steps: [{ run: 'echo "${{ needs.first.outputs.x }} ${{ needs.broken.result }}"' }],
      }),
      after: job({ needs: 'broken', steps: [{ run: 'echo never' }] }),
      first: job({
        outputs: { x: '${{ steps.a.outputs.x }}' },
        steps: [{ id: 'a', run: 'echo x=42 >> "$GITHUB_OUTPUT"' }],
      }),
      broken: job({ steps: [{ run: 'exit 2' }] }),
    },
  });

  expect(await run.done).toBe('failure');
  expect(texts(run.log)).toContain('42 failure');
  expect(Object.fromEntries([...run.jobs].map(([name, { conclusion }]) => [name, conclusion]))).toEqual({
    first: 'success',
    broken: 'failure',
    after: 'skipped',
    last: 'success',
  });
});

test('the token is masked wherever it shows, and is not in the environment of steps', async () => {
  const run = await runSteps([
    {
      run: 'echo "plain: $T"; printf "%s" "$T" | base64 -w0; echo; env | grep -c ghs_ || echo none',
      env: { T: '${{ github.token }}' },
    },
    { run: 'env', name: 'Environment' },
    { run: 'echo "::add-mask::my-own-secret"; echo "it is my-own-secret"' },
    { uses: 'actions/checkout@v4' },
    { run: 'cat .git/config; git config --list' },
  ]);

  expect(await run.done).toBe('success');
  const all = run.log.join('\n');
  expect(all).not.toContain(TOKEN);
  expect(all).not.toContain(Buffer.from(TOKEN).toString('base64'));
  expect(all).toContain('plain: ***');
  expect(all).toContain('it is ***');
});

test('actions/github-script runs with octokit, context and core, and retries an outage', async () => {
  bench.answers.push(502, 502);
  const script = `
    await github.rest.repos.createDispatchEvent({ ...context.repo, event_type: 'x', client_payload: { by: process.env.WHO } });
    core.setOutput('sum', 40 + 2);
    return { run: context.runId };
  `;
  const run = await runSteps([
    { id: 's', uses: 'actions/github-script@v8', env: { WHO: 'me' }, with: { script, retries: 3 } },
    { run: 'echo "$OUT"', env: { OUT: '${{ steps.s.outputs.sum }} ${{ steps.s.outputs.result }}' } },
    { uses: 'actions/github-script@v8', with: { script: "core.setFailed('on purpose')" } },
  ]);

  expect(await run.done).toBe('failure');
  expect(bench.calls).toHaveLength(3);
  expect(bench.calls[2]).toMatchObject({
    path: '/repos/acme/server/dispatches',
    body: { client_payload: { by: 'me' } },
  });
  expect(texts(run.log)).toEqual(expect.arrayContaining(['42 {"run":7}', '##[error]on purpose']));
});

test('an action that is not built in fails its step with the list of those that are', async () => {
  const run = await runSteps([{ uses: 'actions/cache@v4', with: { path: 'x' } }]);

  expect(await run.done).toBe('failure');
  expect(run.log.join('\n')).toContain('Cannot run action "actions/cache@v4" in the sandbox');
});

test('cancelling ends the processes of the run and reports it as cancelled', async () => {
  const run = await runSteps([{ run: 'sleep 300 & echo "pid $!"; wait' }, { run: 'echo never' }]);
  await run.saw('pid ');

  run.cancel();
  run.cancel();

  expect(await run.done).toBe('cancelled');
  expect(run.jobs.get('one')).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
  expect(run.events).toEqual(['started', 'completed']);
  expect(await leftovers()).toEqual([]);
});

test('closing ends every run, and starts none afterwards', async () => {
  const run = await runSteps([{ run: 'echo waiting; sleep 300' }]);
  await run.saw('waiting');

  await bench.runner.close();
  const late = await runSteps([{ run: 'echo late' }]);

  expect(await run.done).toBe('cancelled');
  expect(await late.done).toBe('cancelled');
  expect(texts(late.log)).not.toContain('late');
});

test('a newer run of a concurrency group takes the place of an older one', async () => {
  const workflow = {
    on: { workflow_dispatch: { inputs: { wait: { type: 'string' } } } },
    jobs: {
      one: {
        'runs-on': 'ubuntu-24.04',
        concurrency: { group: 'g', 'cancel-in-progress': true },
        steps: [{ run: 'echo begun; if [ "$WAIT" = yes ]; then sleep 300; fi', env: { WAIT: '${{ inputs.wait }}' } }],
      },
    },
  };
  const older = await runWorkflow(workflow, { inputs: { wait: 'yes' } });
  await older.saw('begun');

  const newer = await runWorkflow(workflow, { id: 8, inputs: { wait: 'no' } });

  expect(await older.done).toBe('cancelled');
  expect(await newer.done).toBe('success');
});

test.each([
  ['no workflow file', { workflowPath: '.github/workflows/absent.yml' }, 'it is not there'],
  ['a commit that is nowhere', { sha: '0'.repeat(40) }, 'by git'],
  ['a repository that is nowhere', { repository: { owner: 'acme', name: 'absent' } }, 'by git'],
  ['an input that is not declared', { inputs: { surprise: '1' } }, 'input "surprise" is not declared'],
])('%s fails the run with its reason', async (_what, overrides, reason) => {
  const run = await runSteps([{ run: 'true' }], overrides);

  expect(await run.done).toBe('failure');
  expect([...run.jobs.values()].map((job) => job.conclusion)).toEqual(['failure']);
  expect(run.log.join('\n')).toContain(reason);
});

const call = (uses: string, extra: object = {}) => ({ on: 'workflow_dispatch', jobs: { one: { uses, ...extra } } });
const callee = (extra: object = {}) =>
  stringify({
    on: { workflow_call: { inputs: { need: { type: 'string', required: true } } } },
    jobs: { two: { 'runs-on': 'x', steps: [{ run: 'echo "callee ${{ inputs.need }}"' }], ...extra } },
  });

test('a workflow beside the caller is called with its inputs', async () => {
  const workflow = call('./.github/workflows/callee.yml', { with: { need: 'this' } });

  const run = await runWorkflow(workflow, {}, { '.github/workflows/callee.yml': callee() });

  expect(await run.done).toBe('success');
  expect(texts(run.log)).toContain('callee this');
  expect([...run.jobs.keys()]).toEqual(['one / two']);
});

test.each([
  [
    'more permissions than its caller',
    { with: { need: 'x' }, permissions: { contents: 'read' } },
    callee({ permissions: { contents: 'write' } }),
    'contents: write',
  ],
  ['an input that is missing', {}, callee(), 'input "need" is missing'],
  ['an input that it has not', { with: { need: 'x', other: 'y' } }, callee(), 'input "other" is not declared'],
  [
    'itself, without end',
    { with: { need: 'x' } },
    stringify({
      on: { workflow_call: { inputs: { need: { type: 'string' } } } },
      jobs: { again: { uses: './.github/workflows/callee.yml', with: { need: 'x' } } },
    }),
    'deep',
  ],
])('a called workflow with %s fails as on GitHub', async (_what, extra, text, reason) => {
  const run = await runWorkflow(
    call('./.github/workflows/callee.yml', extra),
    {},
    { '.github/workflows/callee.yml': text },
  );

  expect(await run.done).toBe('failure');
  expect(run.log.join('\n')).toContain(reason);
});

test.each([
  ['jobs: [', 'it is no YAML'],
  ['on: push\njobs: {}', 'it has no jobs'],
  ['on: workflow_dispatch\njobs: { a: { runs-on: x, needs: b, steps: [{ run: x }] } }', 'needs "b"'],
  ['on: workflow_dispatch\njobs: { a: { runs-on: x, needs: a, steps: [{ run: x }] } }', 'in a circle'],
  ['on: workflow_dispatch\njobs: { a: { runs-on: x, steps: [{ run: x, uses: y }] } }', 'expected one of them'],
  ['on: workflow_dispatch\njobs: { a: { runs-on: x, strategy: {}, steps: [{ run: x }] } }', '"strategy" of job "a"'],
  ['on: workflow_dispatch\njobs: { a: { uses: ../../escape.yml } }', '"uses: ../../escape.yml"'],
  ['a: &a [x]\nb: [*a, *a]\non: workflow_dispatch', 'it is no YAML'],
  ['on: push\njobs: { a: { runs-on: x, steps: [{ run: x }] } }', 'it has no "on: workflow_dispatch"'],
])('a broken workflow fails with its reason: %#', async (text, reason) => {
  const sha = await bench.commit('server', { '.github/workflows/mcp-hosting.yml': text });

  const run = bench.run(sha);

  expect(await run.done).toBe('failure');
  expect(run.log.join('\n')).toContain(reason);
});

test.each([
  [{ uses: 'actions/checkout@v4', with: { path: '../../out' } }, 'leaves the workspace'],
  [{ run: 'true', 'working-directory': '../..' }, 'leaves the workspace'],
  [{ uses: 'actions/checkout@v4', with: { ref: '--upload-pack=touch owned' } }, 'by git'],
  [{ uses: 'docker/build-push-action@v6', with: { context: '/etc', tags: 'a/b' } }, 'it is outside of the workspace'],
  [{ uses: 'docker/build-push-action@v6', with: { secrets: 'x', tags: 'a/b' } }, 'Input "secrets" is not known'],
  [{ run: 'true', shell: 'pwsh' }, 'shell "pwsh"'],
  [{ run: 'echo "no newline and no equals" >> "$GITHUB_OUTPUT"' }, 'is no assignment'],
])('a hostile or mistaken step fails by itself: %j', async (step, reason) => {
  const run = await runSteps([step]);

  expect(await run.done).toBe('failure');
  expect(run.log.join('\n')).toContain(reason);
});

test('output beyond the limit is cut, and the run goes on', async () => {
  const run = await runSteps([
    { run: 'yes line | head -n 50000; head -c 100000 /dev/zero | tr "\\0" x' },
    { run: 'echo "and then"; false' },
  ]);

  expect(await run.done).toBe('failure');
  expect(run.log.length).toBeLessThan(20_100);
  const last = texts(run.log).slice(-2);
  expect(run.log.some((line) => line.includes('more output follows that is not kept'))).toBe(true);
  expect(last).toEqual(['and then', '##[error]Process completed with exit code 1.']);
});

test('an observer that throws takes no other run with it', async () => {
  const sha = await bench.commit('server', {
    '.github/workflows/mcp-hosting.yml': 'on: workflow_dispatch\njobs: { a: { runs-on: x, steps: [{ run: x }] } }',
  });
  const fail = () => {
    throw new Error('broken observer');
  };
  const base = bench.run(sha);
  bench.runner.start(
    {
      id: 1,
      repository: { owner: 'acme', name: 'server' },
      workflowPath: 'x',
      sha,
      ref: 'x',
      inputs: {},
      actor: 'x',
      token: 'x',
      apiUrl: 'x',
      gitUrl: join(bench.dir, 'repositories'),
    },
    { started: fail, job: fail, log: fail, completed: fail },
  );

  expect(await base.done).toBe('failure');
});

async function leftovers(): Promise<string[]> {
  const runs = (await readdir(join(bench.dir, 'runs'))).filter((name) => name.startsWith('run-'));
  const processes: string[] = [];
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environ.includes(bench.dir)) processes.push(pid);
  }
  return [...runs, ...processes];
}
