import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProcessOutcome, runProcess } from '../images/run-process.ts';
import type { StepContext, StepResult } from './step-context.ts';
import { workflowUnsupported } from './workflow-error.ts';

/** As GitHub starts them. Without `shell:` a failing command inside a pipe is not seen; with `bash` it is. */
const SHELLS: Record<string, (file: string) => [program: string, ...args: string[]]> = {
  default: (file) => ['bash', '-e', file],
  bash: (file) => ['bash', '--noprofile', '--norc', '-eo', 'pipefail', file],
  sh: (file) => ['sh', '-e', file],
  python: (file) => ['python3', file],
};

/** Runs the script of a `run:` step. */
export async function runShellStep(step: StepContext, script: string, shell: string | null): Promise<StepResult> {
  const name = shell ?? 'default';
  const command = Object.hasOwn(SHELLS, name) ? SHELLS[name] : undefined;
  if (!command) throw workflowUnsupported(`shell "${name}"`, 'bash, sh or python');
  const file = join(step.temp, `${randomUUID()}.sh`);
  await writeFile(file, script);
  for (const line of script.trimEnd().split('\n')) step.log(`[command]${line}`);
  const [program, ...args] = command(file);
  const outcome = await runProcess({
    command: program,
    args,
    cwd: step.workingDirectory,
    env: step.env,
    timeoutMs: step.timeoutMs,
    processes: step.context.processes,
    signal: step.signal,
    onLine: step.log,
  });
  return toStepResult(outcome);
}

export function toStepResult(outcome: ProcessOutcome): StepResult {
  switch (outcome.kind) {
    case 'exited':
      return outcome.code === 0
        ? { ok: true, outputs: {} }
        : { ok: false, reason: `Process completed with exit code ${outcome.code}.` };
    case 'killed':
      return { ok: false, reason: `The process was ended by ${outcome.signal}.` };
    case 'timed-out':
      return { ok: false, reason: 'The step ran too long and was ended.' };
    case 'cancelled':
      return { ok: false, reason: 'The run was cancelled.' };
    case 'unstartable':
      return { ok: false, reason: `The program could not be started: ${outcome.reason}` };
  }
}
