/** One run of a workflow, as `workflow_dispatch` asked for it. */
export interface WorkflowRun {
  id: number;
  repository: { owner: string; name: string };
  /** Path in the repository: `.github/workflows/mcp-hosting.yml`. */
  workflowPath: string;
  /** Commit at which the workflow file is read. */
  sha: string;
  /** `refs/heads/main` */
  ref: string;
  inputs: Record<string, string>;
  actor: string;
  /** The run's GITHUB_TOKEN. */
  token: string;
  apiUrl: string;
  /** Repositories are at `<gitUrl>/<owner>/<name>.git`. */
  gitUrl: string;
}

export type Conclusion = 'success' | 'failure' | 'cancelled';

export interface RunStep {
  name: string;
  /** From 1. */
  number: number;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: Conclusion | 'skipped' | null;
}

export interface RunJob {
  name: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: Conclusion | 'skipped' | null;
  /** ISO 8601 */
  startedAt: string | null;
  completedAt: string | null;
  steps: RunStep[];
}

/** Hears of a run: `started` once, then jobs and log lines, then `completed` once and nothing after it. */
export interface RunObserver {
  started(): void;
  /** The job as it stands now; called for each change. */
  job(job: RunJob): void;
  /** @param job name of the job @param line begins with its time in ISO 8601, as in GitHub's logs; secrets are masked */
  log(job: string, line: string): void;
  completed(conclusion: Conclusion): void;
}

export interface WorkflowRunner {
  start(run: WorkflowRun, observer: RunObserver): { cancel(): void };
  /** Cancels every run and waits until no process of one is left. */
  close(): Promise<void>;
}
