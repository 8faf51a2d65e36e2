import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve, sep } from 'node:path';
import { UserError } from '../../src/domain/user-error.ts';
import { limitOutput } from '../images/limit-output.ts';
import { readEnvironmentFile } from './environment-file.ts';
import { type ExpressionScope, evaluateCondition, evaluateText, type Value } from './expressions.ts';
import { githubVariables } from './github-context.ts';
import type { JobReporter } from './job-reporter.ts';
import { readLogCommand } from './log-commands.ts';
import type { RunContext } from './run-context.ts';
import { runShellStep } from './shell-step.ts';
import { findAction } from './step-actions.ts';
import type { StepContext, StepResult } from './step-context.ts';
import type { WorkflowStep } from './workflow-file.ts';
import type { Conclusion } from './workflow-run.ts';

export interface StepsRequest {
  context: RunContext;
  jobId: string;
  steps: readonly WorkflowStep[];
  /** Contexts but `env`, `steps`, `job` and `runner`. */
  contexts: Readonly<Record<string, Value>>;
  /** `env:` of workflow and job, their expressions replaced. */
  env: Readonly<Record<string, string>>;
  reporter: JobReporter;
  signal: AbortSignal;
  timeoutMs: number;
}

export interface StepsResult {
  conclusion: Conclusion;
  /** For the job's `outputs:`. */
  scope: ExpressionScope;
}

/** Runs the steps of one job, one after the other, in a workspace of their own. */
export async function runSteps(request: StepsRequest): Promise<StepsResult> {
  const job = new JobState(request);
  await job.prepare();
  request.reporter.begin(request.steps.map((step) => job.nameOf(step)));
  for (const [index, step] of request.steps.entries()) {
    if (request.signal.aborted) job.status = 'cancelled';
    await job.run(step, index);
  }
  if (request.signal.aborted) job.status = 'cancelled';
  return { conclusion: job.status, scope: job.scope() };
}

/** What later steps of a job see of earlier ones. */
class JobState {
  status: Conclusion = 'success';
  readonly #request: StepsRequest;
  readonly #workspace: string;
  readonly #temp: string;
  readonly #deadline: number;
  #exported: Record<string, string> = {};
  #paths: string[] = [];
  readonly #steps: Record<string, Value> = {};

  constructor(request: StepsRequest) {
    const root = join(request.context.directory, `job-${randomUUID()}`);
    this.#request = request;
    this.#workspace = join(root, request.context.run.repository.name);
    this.#temp = join(root, 'temp');
    this.#deadline = performance.now() + request.timeoutMs;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#workspace, { recursive: true });
    await mkdir(this.#temp, { recursive: true });
  }

  scope(env: Record<string, string> = {}): ExpressionScope {
    return {
      status: this.status,
      contexts: {
        ...this.#request.contexts,
        env: { ...this.#request.env, ...this.#exported, ...env },
        steps: this.#steps,
        job: { status: this.status },
        runner: {
          os: process.platform === 'darwin' ? 'macOS' : 'Linux',
          arch: process.arch.toUpperCase(),
          temp: this.#temp,
        },
      },
    };
  }

  nameOf(step: WorkflowStep): string {
    const fallback =
      step.action.kind === 'uses' ? `Run ${step.action.uses}` : `Run ${step.action.script.trim().split('\n')[0]}`;
    try {
      return step.name === null ? fallback : evaluateText(step.name, this.scope());
    } catch {
      return step.name ?? fallback;
    }
  }

  async run(step: WorkflowStep, index: number): Promise<void> {
    const { reporter } = this.#request;
    let result: StepResult | 'skipped';
    let tolerated = false;
    try {
      if (!evaluateCondition(step.if, this.scope())) result = 'skipped';
      else {
        reporter.beginStep(index, this.nameOf(step));
        tolerated = evaluateText(step.continueOnError, this.scope()) === 'true';
        result = await this.#perform(step);
      }
    } catch (error) {
      result = { ok: false, reason: reasonOf(error) };
    }
    this.#conclude(step, index, result, tolerated);
  }

  #conclude(step: WorkflowStep, index: number, result: StepResult | 'skipped', tolerated: boolean): void {
    const { reporter, signal } = this.#request;
    const failed = result !== 'skipped' && !result.ok;
    const outcome = result === 'skipped' ? 'skipped' : !failed ? 'success' : signal.aborted ? 'cancelled' : 'failure';
    const conclusion = outcome === 'failure' && tolerated ? 'success' : outcome;
    if (result !== 'skipped' && !result.ok) reporter.log(`##[error]${result.reason}`);
    if (conclusion === 'failure' || conclusion === 'cancelled') this.status = conclusion;
    const outputs = result !== 'skipped' && result.ok ? result.outputs : {};
    if (step.id !== null) this.#steps[step.id] = { outcome, conclusion, outputs };
    reporter.step(index, 'completed', conclusion);
  }

  async #perform(step: WorkflowStep): Promise<StepResult> {
    const { context, reporter } = this.#request;
    const stepEnv = evaluateAll(step.env, this.scope());
    const files = await this.#makeFiles();
    const workingDirectory = resolve(this.#workspace, evaluateText(step.workingDirectory ?? '.', this.scope(stepEnv)));
    if (workingDirectory !== this.#workspace && !workingDirectory.startsWith(this.#workspace + sep)) {
      return { ok: false, reason: `working-directory "${step.workingDirectory}" leaves the workspace` };
    }
    const left = this.#deadline - performance.now();
    const timeoutMs = Math.max(
      1,
      Math.ceil(Math.min(left, (step.timeoutMinutes ?? Number.POSITIVE_INFINITY) * 60_000)),
    );
    const timeout = AbortSignal.timeout(timeoutMs);
    const stepContext: StepContext = {
      context,
      inputs: step.action.kind === 'uses' ? evaluateAll(step.action.with, this.scope(stepEnv)) : {},
      env: this.#environment(stepEnv, files),
      workspace: this.#workspace,
      temp: this.#temp,
      workingDirectory,
      signal: AbortSignal.any([this.#request.signal, timeout]),
      timeoutMs,
      log: limitOutput((line) => {
        const shown = readLogCommand(line, context.mask);
        if (shown !== null) reporter.log(shown);
      }),
    };
    const result = await this.#act(step, stepContext, stepEnv).catch((error: unknown): StepResult => {
      return { ok: false, reason: reasonOf(error) };
    });
    if (timeout.aborted && !this.#request.signal.aborted) {
      return {
        ok: false,
        reason: `The step ran longer than ${(timeoutMs / 60_000).toFixed(1)} minutes and was ended.`,
      };
    }
    const written = await this.#readFiles(files);
    return result.ok ? { ok: true, outputs: { ...result.outputs, ...written } } : result;
  }

  async #act(step: WorkflowStep, stepContext: StepContext, stepEnv: Record<string, string>): Promise<StepResult> {
    if (step.action.kind === 'uses') return findAction(step.action.uses)(stepContext);
    return runShellStep(stepContext, evaluateText(step.action.script, this.scope(stepEnv)), step.action.shell);
  }

  #environment(stepEnv: Record<string, string>, files: Record<string, string>): Record<string, string> {
    const { context, env, jobId } = this.#request;
    const merged: Record<string, string> = {
      ...context.environment,
      ...env,
      ...this.#exported,
      ...stepEnv,
      ...githubVariables(context, jobId),
      ...files,
      GITHUB_WORKSPACE: this.#workspace,
      RUNNER_TEMP: this.#temp,
      TMPDIR: this.#temp,
    };
    merged.PATH = [...this.#paths, merged.PATH ?? ''].filter(Boolean).join(delimiter);
    return merged;
  }

  async #makeFiles(): Promise<Record<string, string>> {
    const names = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'];
    const id = randomUUID();
    const files = Object.fromEntries(names.map((name) => [name, join(this.#temp, `${name.toLowerCase()}-${id}`)]));
    for (const path of Object.values(files)) await writeFile(path, '');
    return files;
  }

  async #readFiles(files: Record<string, string>): Promise<Record<string, string>> {
    const outputs = await readEnvironmentFile(files.GITHUB_OUTPUT ?? '');
    this.#exported = { ...this.#exported, ...(await readEnvironmentFile(files.GITHUB_ENV ?? '')) };
    const paths = (await readFile(files.GITHUB_PATH ?? '', 'utf8')).split('\n').filter(Boolean);
    this.#paths = [...paths.reverse(), ...this.#paths];
    for (const path of Object.values(files)) await rm(path, { force: true });
    return outputs;
  }
}

export function evaluateAll(texts: Readonly<Record<string, string>>, scope: ExpressionScope): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, evaluateText(text, scope)]));
}

/** For people's own mistakes message and cure; anything else is a fault of the sandbox and shows its message. */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return `${error.message}. ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
