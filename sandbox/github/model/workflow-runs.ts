import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunJob, WorkflowRunner } from '../../actions/workflow-runner.ts';
import { ACTIONS_BOT, fullNameOf, type Hub, ownerOf } from '../hub.ts';
import type { Account, Repository, Run, WorkflowJob } from '../store/entities.ts';
import { newToken } from '../store/secrets.ts';
import { emitWorkflowRun } from '../webhooks/events.ts';
import { ensureCheckSuite } from './check-runs.ts';
import { renderRunName, type WorkflowFile, workflowId } from './workflow-files.ts';

/** As long as the longest job on GitHub. */
const TOKEN_LIFETIME_MS = 6 * 60 * 60_000;

/** Of one job's log this much is kept, in bytes. */
const LOG_BYTES_MAX = 4 * 1024 * 1024;

export interface NewRun {
  workflow: WorkflowFile;
  branch: string;
  sha: string;
  inputs: Record<string, string>;
}

/** Workflow runs: each is handed to the runner, which tells what becomes of it. */
export class WorkflowRuns {
  private readonly runner: WorkflowRunner | undefined;
  private readonly underWay = new Map<number, { cancel(): void }>();
  private readonly logBytes = new Map<string, number>();
  private closed = false;

  constructor(runner: WorkflowRunner | undefined) {
    this.runner = runner;
  }

  async dispatch(hub: Hub, repository: Repository, sender: Account, wanted: NewRun): Promise<Run> {
    const { workflow } = wanted;
    const now = hub.now();
    const id = workflowId(hub, repository, workflow.path);
    const run: Run = {
      id: hub.store.nextId(),
      runNumber: repository.runs.filter((one) => one.workflowId === id).length + 1,
      workflowId: id,
      path: workflow.path,
      name: workflow.name,
      displayTitle: workflow.runName ? renderRunName(workflow.runName, contextOf(wanted, sender)) : workflow.name,
      event: 'workflow_dispatch',
      status: 'queued',
      conclusion: null,
      headSha: wanted.sha,
      headBranch: wanted.branch,
      suiteId: ensureCheckSuite(hub, repository, wanted.sha).id,
      accountId: sender.id,
      inputs: wanted.inputs,
      jobs: [],
      createdAt: now,
      startedAt: null,
      updatedAt: now,
    };
    repository.runs.push(run);
    hub.store.touch(repository);
    await emitWorkflowRun(hub, { repository, sender }, 'requested', run);
    this.start(hub, repository, run);
    return run;
  }

  /** Runs that were under way when the sandbox ended are started anew, as a runner that was lost would be replaced. */
  resume(hub: Hub): void {
    for (const repository of hub.store.repositories.values()) {
      for (const run of repository.runs) {
        if (run.status === 'completed') continue;
        run.status = 'queued';
        run.jobs = [];
        this.start(hub, repository, run);
      }
    }
  }

  /** @returns false where it has ended already */
  cancel(hub: Hub, repository: Repository, run: Run): boolean {
    if (run.status === 'completed') return false;
    const known = this.underWay.get(run.id);
    if (known) known.cancel();
    else this.complete(hub, repository, run, 'cancelled');
    return true;
  }

  cancelAll(repository: Repository): void {
    for (const run of repository.runs) this.underWay.get(run.id)?.cancel();
  }

  readLog(hub: Hub, run: Run, job: WorkflowJob): string {
    const path = logPath(hub, run, job.name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** What the runner ends now has not ended for GitHub: it is resumed at the next start. */
  async close(): Promise<void> {
    this.closed = true;
    await this.runner?.close();
  }

  private start(hub: Hub, repository: Repository, run: Run): void {
    if (!this.runner) return;
    mkdirSync(join(hub.store.dir, 'runs', String(run.id)), { recursive: true });
    const started = this.runner.start(
      {
        id: run.id,
        repository: { owner: ownerOf(hub, repository).login, name: repository.name },
        workflowPath: run.path,
        sha: run.headSha,
        ref: `refs/heads/${run.headBranch}`,
        inputs: run.inputs,
        actor: hub.store.account(run.accountId).login,
        token: mintToken(hub, repository),
        apiUrl: hub.url,
        gitUrl: hub.url,
      },
      {
        started: () => this.begin(hub, repository, run),
        job: (job) => recordJob(hub, repository, run, job),
        log: (job, line) => this.log(hub, run, job, line),
        completed: (conclusion) => this.complete(hub, repository, run, conclusion),
      },
    );
    if (run.status !== 'completed') this.underWay.set(run.id, started);
  }

  private begin(hub: Hub, repository: Repository, run: Run): void {
    run.status = 'in_progress';
    run.startedAt = hub.now();
    this.tell(hub, repository, run, 'in_progress');
  }

  private complete(hub: Hub, repository: Repository, run: Run, conclusion: NonNullable<Run['conclusion']>): void {
    if (run.status === 'completed' || this.closed) return;
    this.underWay.delete(run.id);
    run.status = 'completed';
    run.conclusion = conclusion;
    this.tell(hub, repository, run, 'completed');
  }

  private tell(hub: Hub, repository: Repository, run: Run, action: 'in_progress' | 'completed'): void {
    run.updatedAt = hub.now();
    hub.store.touch(repository);
    hub.store.flush();
    // A repository that was deleted in the meantime has nobody to tell.
    if (!hub.store.repositories.has(repository.id)) return;
    const sender = hub.store.account(run.accountId);
    emitWorkflowRun(hub, { repository, sender }, action, run).catch((error: unknown) =>
      hub.log(`workflow_run ${action} of ${fullNameOf(hub, repository)}: ${String(error)}`),
    );
  }

  private log(hub: Hub, run: Run, job: string, line: string): void {
    const path = logPath(hub, run, job);
    const text = `${line}\n`;
    const bytes = (this.logBytes.get(path) ?? 0) + Buffer.byteLength(text);
    this.logBytes.set(path, bytes);
    if (bytes <= LOG_BYTES_MAX) appendFileSync(path, text);
  }
}

function recordJob(hub: Hub, repository: Repository, run: Run, job: RunJob): void {
  const known = run.jobs.find((one) => one.name === job.name);
  if (known) Object.assign(known, job);
  else run.jobs.push({ id: hub.store.nextId(), ...job });
  run.updatedAt = hub.now();
  hub.store.touch(repository);
  hub.store.flush();
}

function logPath(hub: Hub, run: Run, job: string): string {
  return join(hub.store.dir, 'runs', String(run.id), `${encodeURIComponent(job).replaceAll('.', '%2E')}.log`);
}

/** The GITHUB_TOKEN of one run. */
function mintToken(hub: Hub, repository: Repository): string {
  const token = newToken('ghs');
  hub.store.addToken(
    {
      token,
      kind: 'actions',
      accountId: ACTIONS_BOT.id,
      installationId: null,
      repositoryIds: [repository.id],
      permissions: { contents: 'write', packages: 'write', metadata: 'read', actions: 'read' },
      expiresAt: new Date(Date.now() + TOKEN_LIFETIME_MS).toISOString(),
    },
    new Date(),
  );
  return token;
}

function contextOf(run: NewRun, sender: Account): Record<string, string> {
  const inputs = Object.entries(run.inputs).flatMap(([name, value]) => [
    [`inputs.${name}`, value],
    [`github.event.inputs.${name}`, value],
  ]);
  return {
    ...Object.fromEntries(inputs),
    'github.actor': sender.login,
    'github.ref': `refs/heads/${run.branch}`,
    'github.ref_name': run.branch,
    'github.sha': run.sha,
    'github.event_name': 'workflow_dispatch',
  };
}
