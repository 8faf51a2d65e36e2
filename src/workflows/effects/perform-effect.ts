import { assertNever } from '../../domain/assert-never.ts';
import type { RolloutEffect } from '../../domain/due-effect.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import type { Platform } from '../platform.ts';
import { dispatchBuild, pollBuild } from './build.ts';
import { observe, refreshApplication } from './observe.ts';
import { mergeProposal, pollProposal, propose } from './propose.ts';
import { proposeSetup } from './propose-setup.ts';
import { report } from './report.ts';
import { verify } from './verify.ts';

/**
 * Carries one effect out and tells what came of it. An effect that was begun before looks for what that try left behind
 * (`retry`), so that doing it again makes nothing twice.
 * @param speaks whether the rollout writes the server's sticky comment
 */
export function performEffect(
  platform: Platform,
  rollout: Rollout,
  effect: Exclude<RolloutEffect, { kind: 'wait' } | { kind: 'fail-by-deadline' }>,
  speaks: boolean,
): Promise<RolloutFact> {
  const retry = (rollout.begun?.tries ?? 1) > 1;
  switch (effect.kind) {
    case 'report':
      return report(platform, rollout, { retry, speaks });
    case 'propose-setup':
      return proposeSetup(platform, rollout);
    case 'dispatch-build':
      return dispatchBuild(platform, rollout, retry);
    case 'poll-build':
      return pollBuild(platform, rollout);
    case 'propose':
      return propose(platform, rollout, retry);
    case 'merge':
      return mergeProposal(platform, rollout);
    case 'poll-proposal':
      return pollProposal(platform, rollout);
    case 'refresh-application':
      return refreshApplication(platform, rollout);
    case 'observe':
      return observe(platform, rollout);
    case 'verify':
      return verify(platform, rollout);
    default:
      return assertNever(effect);
  }
}
