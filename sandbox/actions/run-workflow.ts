import { type ExpressionScope, evaluateCondition, evaluateTemplate, evaluateText, type Value } from './expressions.ts';
import { githubContext } from './github-context.ts';
import { JobReporter } from './job-reporter.ts';
import { type LoadedWorkflow, loadWorkflow, resolveCall } from './load-workflow.ts';
import type { RunContext } from './run-context.ts';
import { evaluateAll, reasonOf, runSteps } from './run-steps.ts';
import { workflowInvalid } from './workflow-error.ts';
import type { Concurrency, WorkflowInput, WorkflowJob } from './workflow-file.ts';
import { type Permissions, permissionsMissing } from './workflow-permissions.ts';
import type { Conclusion } from './workflow-run.ts';

/** How deep workflows may call each other, the first included; GitHub's own limit is ten. */
const CALL_DEPTH_MAX = 10;
/** A job that runs longer hangs; GitHub ends one after six hours. */
const JOB_TIMEOUT_MINUTES = 20;

export interface WorkflowCall {
  context: RunContext;
  loaded: LoadedWorkflow;
  inputs: Readonly<Record<string, string>>;
  /** What the caller may; null: GitHub's default. */
  granted: Permissions | null;
  /** Put before the names of jobs: `build / `. */
  prefix: string;
  depth: number;
  signal: AbortSignal;
}

interface JobResult {
  conclusion: Conclusion | 'skipped';
  outputs: Record<string, string>;
}

/** Runs the jobs of one workflow as their `needs` allow. */
export async function runWorkflow(
  call: WorkflowCall,
): Promise<{ conclusion: Conclusion; outputs: Record<string, string> }> {
  const { workflow } = call.loaded;
  assertNeeds(workflow.path, workflow.jobs);
  return withConcurrency(call, workflow.concurrency, scopeOf(call, '', {}), call.signal, async (signal) => {
    const results = new Map<string, Promise<JobResult>>();
    for (const job of inOrder(workflow.jobs)) {
      results.set(job.id, runAfterNeeds({ ...call, signal }, job, results));
    }
    const entries = await Promise.all([...results].map(async ([id, result]) => [id, await result] as const));
    const conclusions = entries.map(([, result]) => result.conclusion);
    const conclusion = conclusions.includes('failure')
      ? 'failure'
      : conclusions.includes('cancelled')
        ? 'cancelled'
        : 'success';
    const jobs = Object.fromEntries(entries.map(([id, { conclusion: result, outputs }]) => [id, { result, outputs }]));
    const outputs = evaluateAll(workflow.callOutputs, { contexts: { jobs, inputs: { ...call.inputs } } });
    return { conclusion, outputs };
  });
}

async function runAfterNeeds(
  call: WorkflowCall,
  job: WorkflowJob,
  results: Map<string, Promise<JobResult>>,
): Promise<JobResult> {
  const needs: Record<string, Value> = {};
  const before: JobResult['conclusion'][] = [];
  for (const id of job.needs) {
    const result = (await results.get(id)) ?? { conclusion: 'skipped', outputs: {} };
    before.push(result.conclusion);
    needs[id] = { result: result.conclusion, outputs: result.outputs };
  }
  const status =
    call.signal.aborted || before.includes('cancelled')
      ? 'cancelled'
      : before.every((one) => one === 'success')
        ? 'success'
        : 'failure';
  const scope = { ...scopeOf(call, job.id, needs), status } as const;
  const name = call.prefix + jobName(job, scope);
  if (job.body.kind === 'call') return runCallingJob(call, job, job.body, scope, name);
  const reporter = new JobReporter(name, call.context.observer, call.context.mask);
  return runStepsJob(call, job, job.body.steps, scope, reporter);
}

async function runStepsJob(
  call: WorkflowCall,
  job: WorkflowJob,
  steps: Extract<WorkflowJob['body'], { kind: 'steps' }>['steps'],
  scope: ExpressionScope,
  reporter: JobReporter,
): Promise<JobResult> {
  const end = (conclusion: JobResult['conclusion'], outputs: Record<string, string> = {}): JobResult => {
    reporter.end(conclusion);
    return { conclusion, outputs };
  };
  try {
    if (!evaluateCondition(job.if, scope)) return end(call.signal.aborted ? 'cancelled' : 'skipped');
    return await withConcurrency(call, job.concurrency, scope, call.signal, async (signal) => {
      const result = await runSteps({
        context: call.context,
        jobId: job.id,
        steps,
        contexts: scope.contexts,
        env: evaluateAll({ ...call.loaded.workflow.env, ...job.env }, scope),
        reporter,
        signal,
        timeoutMs: Math.min(job.timeoutMinutes ?? JOB_TIMEOUT_MINUTES, JOB_TIMEOUT_MINUTES) * 60_000,
      });
      return end(result.conclusion, evaluateAll(job.outputs, result.scope));
    });
  } catch (error) {
    reporter.log(`##[error]${reasonOf(error)}`);
    return end(call.signal.aborted ? 'cancelled' : 'failure');
  }
}

/** A job that calls another workflow; its own line appears only where the call itself fails. */
async function runCallingJob(
  call: WorkflowCall,
  job: WorkflowJob,
  body: Extract<WorkflowJob['body'], { kind: 'call' }>,
  scope: ExpressionScope,
  name: string,
): Promise<JobResult> {
  try {
    if (!evaluateCondition(job.if, scope))
      return { conclusion: call.signal.aborted ? 'cancelled' : 'skipped', outputs: {} };
    return await withConcurrency(call, job.concurrency, scope, call.signal, async (signal) => {
      if (call.depth >= CALL_DEPTH_MAX)
        throw workflowInvalid(body.uses, `it is called ${call.depth} deep`, `at most ${CALL_DEPTH_MAX}`);
      const loaded = await loadWorkflow(call.context, resolveCall(body.uses, call.loaded.origin));
      const granted = job.permissions ?? call.loaded.workflow.permissions ?? call.granted;
      assertPermissions(loaded, granted);
      const given = Object.fromEntries(
        Object.entries(body.with).map(([key, text]) => [key, textOf(evaluateTemplate(text, scope))]),
      );
      const inputs = acceptInputs(loaded.workflow.path, 'workflow_call', loaded.workflow.callInputs, given);
      return runWorkflow({
        context: call.context,
        loaded,
        inputs,
        granted,
        prefix: `${name} / `,
        depth: call.depth + 1,
        signal,
      });
    });
  } catch (error) {
    return failJob(call.context, name, error, call.signal);
  }
}

/** Shows a failure before any step as a job of one step. */
export function failJob(
  context: RunContext,
  name: string,
  error: unknown,
  signal: AbortSignal,
): JobResult & { conclusion: Conclusion } {
  const conclusion = signal.aborted ? 'cancelled' : 'failure';
  const reporter = new JobReporter(name, context.observer, context.mask);
  reporter.begin(['Set up job']);
  reporter.log(`##[error]${reasonOf(error)}`);
  reporter.step(0, 'completed', conclusion);
  reporter.end(conclusion);
  return { conclusion, outputs: {} };
}

/** Fills in defaults. @throws UserError `workflow-invalid` for an unknown or missing input, as GitHub does */
export function acceptInputs(
  path: string,
  event: 'workflow_dispatch' | 'workflow_call',
  declared: Record<string, WorkflowInput> | null,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  if (!declared) throw workflowInvalid(path, `it has no "on: ${event}"`, 'that trigger');
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined)
    throw workflowInvalid(path, `input "${unknown}" is not declared`, Object.keys(declared).join(', '));
  return Object.fromEntries(
    Object.entries(declared).map(([name, input]) => {
      const value = given[name] ?? input.default;
      if (input.required && (value === null || value === ''))
        throw workflowInvalid(path, `input "${name}" is missing`, 'a value');
      return [name, value ?? ''];
    }),
  );
}

async function withConcurrency<T>(
  call: WorkflowCall,
  concurrency: Concurrency | null,
  scope: ExpressionScope,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!concurrency) return work(signal);
  const replaced = new AbortController();
  const both = AbortSignal.any([signal, replaced.signal]);
  const { owner, name } = call.context.run.repository;
  const leave = await call.context.concurrency.enter(`${owner}/${name}:${evaluateText(concurrency.group, scope)}`, {
    cancelInProgress: evaluateText(concurrency.cancelInProgress, scope) === 'true',
    cancel: () => replaced.abort(),
    signal: both,
  });
  try {
    return await work(both);
  } finally {
    leave();
  }
}

function scopeOf(call: WorkflowCall, jobId: string, needs: Record<string, Value>): ExpressionScope {
  const { run } = call.context;
  return {
    contexts: {
      github: githubContext(call.context, jobId),
      inputs: { ...call.inputs },
      secrets: { GITHUB_TOKEN: run.token },
      needs,
      vars: {},
      matrix: null,
      strategy: null,
      env: {},
    },
  };
}

function jobName(job: WorkflowJob, scope: ExpressionScope): string {
  return job.name === null ? job.id : evaluateText(job.name, scope);
}

function assertPermissions(loaded: LoadedWorkflow, granted: Permissions | null): void {
  const { path, permissions, jobs } = loaded.workflow;
  for (const requested of [permissions, ...jobs.map((job) => job.permissions)]) {
    const missing = permissionsMissing(granted, requested);
    if (missing.length > 0)
      throw workflowInvalid(path, `it asks for "${missing.join(', ')}"`, 'no more than its caller has');
  }
}

function assertNeeds(path: string, jobs: readonly WorkflowJob[]): void {
  const ids = new Set(jobs.map((job) => job.id));
  for (const job of jobs) {
    const unknown = job.needs.find((id) => !ids.has(id));
    if (unknown !== undefined)
      throw workflowInvalid(path, `job "${job.id}" needs "${unknown}"`, 'a job of this workflow');
  }
  if (inOrder(jobs).length < jobs.length)
    throw workflowInvalid(path, 'its jobs need each other in a circle', 'an order');
}

/** Jobs after those they need; those in a circle are left out. */
function inOrder(jobs: readonly WorkflowJob[]): WorkflowJob[] {
  const ordered: WorkflowJob[] = [];
  for (;;) {
    const done = new Set(ordered.map((job) => job.id));
    const ready = jobs.filter((job) => !done.has(job.id) && job.needs.every((id) => done.has(id)));
    if (ready.length === 0) return ordered;
    ordered.push(...ready);
  }
}

function textOf(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
