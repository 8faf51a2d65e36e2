import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { RunContext } from './run-context.ts';
import { workflowInvalid } from './workflow-error.ts';
import { parseWorkflow, type Workflow } from './workflow-file.ts';
import { type GitRepository, readFileAt } from './workflow-git.ts';

/** Where a workflow file stands. */
export interface WorkflowOrigin {
  repository: GitRepository;
  /** Branch, tag or commit. */
  ref: string;
  path: string;
}

export interface LoadedWorkflow {
  workflow: Workflow;
  /** Its `ref` is the commit. */
  origin: WorkflowOrigin;
}

/** Reads a workflow file by git with the run's token. @throws UserError `workflow-invalid`, `workflow-git` */
export async function loadWorkflow(context: RunContext, origin: WorkflowOrigin): Promise<LoadedWorkflow> {
  const directory = join(context.directory, `workflow-${randomUUID()}`);
  const file = await readFileAt(context.remote, { ...origin, directory });
  const shown = `${origin.repository.owner}/${origin.repository.name}/${origin.path}@${origin.ref}`;
  if (!file) throw workflowInvalid(shown, 'it is not there', 'a file in the repository');
  return { workflow: parseWorkflow(shown, file.text), origin: { ...origin, ref: file.commit } };
}

/**
 * Resolves `uses:` of a job: `owner/repo/.github/workflows/file.yml@ref`, or `./.github/workflows/file.yml` beside the caller.
 *
 * @throws UserError `workflow-invalid`
 */
export function resolveCall(uses: string, caller: WorkflowOrigin): WorkflowOrigin {
  const local = /^\.\/(\.github\/workflows\/[\w.-]+\.ya?ml)$/.exec(uses);
  if (local?.[1]) return { ...caller, path: local[1] };
  const remote = /^([\w.-]+)\/([\w.-]+)\/(\.github\/workflows\/[\w.-]+\.ya?ml)@([\w./-]+)$/.exec(uses);
  const [, owner, name, path, ref] = remote ?? [];
  if (owner && name && path && ref) return { repository: { owner, name }, path, ref };
  throw workflowInvalid(caller.path, `"uses: ${uses}"`, '"owner/repository/.github/workflows/<file>.yml@<ref>"');
}
