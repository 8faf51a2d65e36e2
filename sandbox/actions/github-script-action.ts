import { fileURLToPath } from 'node:url';
import { runProcess } from '../images/run-process.ts';
import type { GitHubScriptInput } from './github-script-child.ts';
import { toStepResult } from './shell-step.ts';
import type { StepContext, StepResult } from './step-context.ts';

const CHILD = fileURLToPath(new URL('github-script-child.ts', import.meta.url));

/** Stands for actions/github-script: runs the script in a Node of its own, with Octokit on the sandbox's GitHub. */
export async function githubScriptAction(step: StepContext): Promise<StepResult> {
  const { inputs, context } = step;
  const { run } = context;
  const input: GitHubScriptInput = {
    script: inputs.script ?? '',
    token: inputs['github-token'] || run.token,
    apiUrl: inputs['base-url'] || run.apiUrl,
    retries: Number(inputs.retries ?? '0') || 0,
    inputs,
    context: {
      eventName: 'workflow_dispatch',
      payload: {
        inputs: run.inputs,
        repository: { name: run.repository.name, owner: { login: run.repository.owner } },
      },
      repo: { owner: run.repository.owner, repo: run.repository.name },
      sha: run.sha,
      ref: run.ref,
      workflow: context.workflowName,
      actor: run.actor,
      job: step.env.GITHUB_JOB ?? '',
      runId: run.id,
      runNumber: run.id,
      apiUrl: run.apiUrl,
    },
  };
  const outcome = await runProcess({
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', CHILD],
    cwd: step.workingDirectory,
    env: step.env,
    timeoutMs: step.timeoutMs,
    processes: step.context.processes,
    signal: step.signal,
    onLine: step.log,
    input: JSON.stringify(input),
  });
  return toStepResult(outcome);
}
