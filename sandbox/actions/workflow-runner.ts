import { randomUUID } from 'node:crypto';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageBuilder } from '../images/build-image.ts';
import { hostEnvironment } from '../images/host-environment.ts';
import { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import { createConcurrencyGroups } from './concurrency-groups.ts';
import { loadWorkflow } from './load-workflow.ts';
import { createSecretMask } from './mask-secrets.ts';
import type { RunContext } from './run-context.ts';
import { reasonOf } from './run-steps.ts';
import { acceptInputs, failJob, runWorkflow } from './run-workflow.ts';
import type { Conclusion, RunObserver, WorkflowRun, WorkflowRunner } from './workflow-run.ts';

export type { Conclusion, RunJob, WorkflowRun, WorkflowRunner } from './workflow-run.ts';

export interface WorkflowRunnerOptions {
  /** Workspaces of runs, which go with the run. */
  workDir: string;
  /** Where the processes of steps are on file. */
  processDir: string;
  builder: ImageBuilder;
  /** Environment of this process. */
  hostEnv?: NodeJS.ProcessEnv;
  log: (line: string) => void;
}

const RUN_PREFIX = 'run-';
/** Runs at one time; the machine of a person is small. More wait. */
const RUNS_MAX = 4;

/**
 * Runs GitHub workflows on this machine: reads them by git, and runs their steps for real, with stand-ins for the
 * actions that hosting needs. It trusts the workflows as a person trusts the scripts of a package they install.
 */
export function createWorkflowRunner(options: WorkflowRunnerOptions): WorkflowRunner {
  const hostEnv = options.hostEnv ?? process.env;
  const concurrency = createConcurrencyGroups();
  const processes = new ProcessRegistry(options.processDir);
  const active = new Map<Promise<void>, AbortController>();
  const takeSlot = createSlots(RUNS_MAX);
  let prepared: Promise<void> | undefined;
  let closed = false;

  async function execute(run: WorkflowRun, observer: RunObserver, signal: AbortSignal): Promise<void> {
    let conclusion: Conclusion = 'failure';
    let directory: string | undefined;
    const giveBack = await takeSlot(signal);
    try {
      prepared ??= sweepRuns(options.workDir);
      await prepared;
      observer.started();
      directory = join(await realpath(options.workDir), `${RUN_PREFIX}${process.pid}-${run.id}-${randomUUID()}`);
      const home = join(directory, 'home');
      await mkdir(home, { recursive: true });
      const environment = hostEnvironment(hostEnv, home);
      const mask = createSecretMask([run.token]);
      const remote = { gitUrl: run.gitUrl, token: run.token, environment, processes, signal };
      const context = {
        run,
        workflowName: '',
        observer,
        mask,
        builder: options.builder,
        concurrency,
        remote,
        directory,
        environment,
        processes,
        signal,
      };
      conclusion = await runDispatched(context);
    } catch (error) {
      options.log(`Run ${run.id} broke: ${reasonOf(error)}`);
    } finally {
      if (directory) await removeDirectory(directory, options.log);
      giveBack();
      observer.completed(signal.aborted ? 'cancelled' : conclusion);
    }
  }

  return {
    start(run, observer) {
      const controller = new AbortController();
      if (closed) controller.abort();
      const done = execute(run, observer, controller.signal).catch((error: unknown) => {
        // An observer that throws must not take other runs with it.
        options.log(`Observer of run ${run.id} failed: ${reasonOf(error)}`);
      });
      active.set(done, controller);
      void done.finally(() => active.delete(done));
      return { cancel: () => controller.abort() };
    },
    async close() {
      closed = true;
      const ending = [...active.keys()];
      for (const controller of active.values()) controller.abort();
      await Promise.all(ending);
    },
  };
}

async function runDispatched(context: RunContext): Promise<Conclusion> {
  const { run, signal } = context;
  try {
    const loaded = await loadWorkflow(context, { repository: run.repository, ref: run.sha, path: run.workflowPath });
    const named = { ...context, workflowName: loaded.workflow.name ?? run.workflowPath };
    const inputs = acceptInputs(loaded.workflow.path, 'workflow_dispatch', loaded.workflow.dispatchInputs, run.inputs);
    const granted = loaded.workflow.permissions;
    const { conclusion } = await runWorkflow({ context: named, loaded, inputs, granted, prefix: '', depth: 1, signal });
    return conclusion;
  } catch (error) {
    return failJob(context, 'Set up workflow', error, signal).conclusion;
  }
}

/** What a runner that was killed left behind. */
async function sweepRuns(workDir: string): Promise<void> {
  await mkdir(workDir, { recursive: true });
  for (const name of await readdir(workDir)) {
    if (name.startsWith(RUN_PREFIX)) await rm(join(workDir, name), { recursive: true, force: true });
  }
}

async function removeDirectory(directory: string, log: (line: string) => void): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    // What stays costs disk space and is swept at the next start.
    log(`Cannot remove ${directory}: ${reasonOf(error)}`);
  }
}

/** @returns a function that waits for one of `count` places and returns how to give it back */
function createSlots(count: number): (signal: AbortSignal) => Promise<() => void> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (signal) => {
    if (free > 0) free -= 1;
    else {
      const taken = await new Promise<boolean>((resolve) => {
        const go = (): void => resolve(true);
        waiting.push(go);
        signal.addEventListener('abort', () => {
          const index = waiting.indexOf(go);
          if (index < 0) return;
          waiting.splice(index, 1);
          resolve(false);
        });
      });
      if (!taken) return () => undefined;
    }
    return () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
  };
}
