import type { RunContext } from './run-context.ts';

/** What a step has to work with. */
export interface StepContext {
  context: RunContext;
  /** `with:` of an action, its expressions replaced. */
  inputs: Readonly<Record<string, string>>;
  /** The step's whole environment. */
  env: Readonly<Record<string, string>>;
  workspace: string;
  /** For files of this job; outside of the workspace. */
  temp: string;
  workingDirectory: string;
  signal: AbortSignal;
  timeoutMs: number;
  log: (line: string) => void;
}

/** Outputs that the step set other than by `$GITHUB_OUTPUT`. */
export type StepResult = { ok: true; outputs: Record<string, string> } | { ok: false; reason: string };

export type StepAction = (step: StepContext) => Promise<StepResult>;
