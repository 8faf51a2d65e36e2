import { UserError } from '../../src/domain/user-error.ts';

/** A workflow file that cannot run, here or on GitHub. */
export function workflowInvalid(path: string, actual: string, expected: string): UserError {
  return new UserError(
    'workflow-invalid',
    `Cannot run workflow "${path}": ${actual}, expected ${expected}`,
    'Mend the workflow file, or take the one that mcp-hosting brings.',
  );
}

/** What GitHub runs but the sandbox does not. */
export function workflowUnsupported(what: string, expected: string): UserError {
  return new UserError(
    'workflow-unsupported',
    `Cannot run ${what} in the sandbox: it is not built in, expected ${expected}`,
    'Use a "run:" step instead, or try it on GitHub itself.',
  );
}
