import { buildPushAction } from './build-push-action.ts';
import { checkoutAction } from './checkout-action.ts';
import { githubScriptAction } from './github-script-action.ts';
import type { StepAction } from './step-context.ts';
import { workflowUnsupported } from './workflow-error.ts';

const ACTIONS: Record<string, StepAction> = {
  'actions/checkout': checkoutAction,
  'actions/github-script': githubScriptAction,
  'docker/build-push-action': buildPushAction,
  'docker/login-action': withoutEffect('images go to this machine, which asks for no login'),
  'docker/setup-buildx-action': withoutEffect('the sandbox has its builder'),
};

/**
 * Finds the built-in stand-in of a public action, whatever its version or commit.
 *
 * @throws UserError `workflow-unsupported` for any other action
 */
export function findAction(uses: string): StepAction {
  const name = uses.split('@')[0]?.toLowerCase() ?? '';
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw workflowUnsupported(`action "${uses}"`, Object.keys(ACTIONS).join(', '));
  return action;
}

function withoutEffect(reason: string): StepAction {
  return async ({ log }) => {
    log(`Nothing to do in the sandbox: ${reason}.`);
    return { ok: true, outputs: {} };
  };
}
