import type { ImageBuilder } from '../images/build-image.ts';
import type { ProcessRegistry } from '../kubernetes/kubelet/process-registry.ts';
import type { ConcurrencyGroups } from './concurrency-groups.ts';
import type { SecretMask } from './mask-secrets.ts';
import type { GitRemote } from './workflow-git.ts';
import type { RunObserver, WorkflowRun } from './workflow-run.ts';

/** What all jobs of one run share. */
export interface RunContext {
  run: WorkflowRun;
  /** Name of the workflow that was dispatched. */
  workflowName: string;
  observer: RunObserver;
  mask: SecretMask;
  builder: ImageBuilder;
  concurrency: ConcurrencyGroups;
  remote: GitRemote;
  /** Everything of this run is in here; it goes when the run ends. */
  directory: string;
  /** Environment of steps before GitHub's own variables. */
  environment: Readonly<Record<string, string>>;
  /** Where the processes of steps are on file. */
  processes: ProcessRegistry;
  signal: AbortSignal;
}
