import { resolve, sep } from 'node:path';
import type { StepContext, StepResult } from './step-context.ts';
import { checkOut } from './workflow-git.ts';

/** Stands for actions/checkout: fetches one commit by git. The token stays out of the checked-out repository. */
export async function checkoutAction(step: StepContext): Promise<StepResult> {
  const { inputs, context, workspace, log } = step;
  const { run } = context;
  const [owner = '', name = ''] = (inputs.repository || `${run.repository.owner}/${run.repository.name}`).split('/');
  const directory = resolve(workspace, inputs.path ?? '.');
  if (directory !== workspace && !directory.startsWith(workspace + sep)) {
    return { ok: false, reason: `Input "path" leaves the workspace: "${inputs.path}"` };
  }
  if (inputs.submodules && inputs.submodules !== 'false') log('##[warning]Submodules are not fetched in the sandbox.');
  const isOwnRepository = owner === run.repository.owner && name === run.repository.name;
  const ref = inputs.ref || (isOwnRepository ? run.sha : 'HEAD');
  const depth = Number(inputs['fetch-depth'] ?? '1');
  if (!Number.isInteger(depth) || depth < 0) {
    return { ok: false, reason: `Input "fetch-depth" is "${inputs['fetch-depth']}", expected a number from 0` };
  }
  log(`Fetching ${ref} of ${owner}/${name}`);
  const remote = { ...context.remote, token: inputs.token || run.token, signal: step.signal };
  const commit = await checkOut(remote, { repository: { owner, name }, ref, directory, depth, onLine: log });
  log(`Checked out ${commit}`);
  return { ok: true, outputs: { commit, ref } };
}
