import { redactSecrets } from '../../domain/reports/redact-secrets.ts';
import type { Rollout, RolloutFailure } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import type { BuildState } from '../../ports/github.ts';
import type { Platform } from '../platform.ts';
import { versionOf } from '../server-names.ts';

/** Starts the workflow of the server repository at the rollout's commit. */
export async function dispatchBuild(platform: Platform, rollout: Rollout, retry: boolean): Promise<RolloutFact> {
  const { installationId, repository, defaultBranch, commitSha } = rollout.source;
  const inputs = {
    rollout: rollout.id,
    'server-id': rollout.serverId,
    image: rollout.imageRepository,
    version: versionOf(commitSha),
    ref: commitSha,
    runtime: rollout.runtime ?? 'docker',
    command: rollout.config.command ? JSON.stringify(rollout.config.command) : '',
  };
  const build = await platform.builds.dispatch(
    { installationId, repository, defaultBranch, inputs, rolloutId: rollout.id },
    retry,
  );
  return { kind: 'build-dispatched', runId: build.runId, url: build.url };
}

/** Asks for a build that was silent for long: its webhook may be lost. */
export async function pollBuild(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  const { installationId, repository } = rollout.source;
  if (!rollout.build) return { kind: 'build-silent' };
  const state = await platform.builds.read(installationId, repository, rollout.build.runId);
  if (state.state === 'failed') return { kind: 'failed', failure: buildFailure(state) };
  return state.state === 'succeeded' && state.digest
    ? { kind: 'build-succeeded', digest: state.digest }
    : { kind: 'build-silent' };
}

/** What people are told of a build that failed. */
export function buildFailure(state: Extract<BuildState, { state: 'failed' }>): RolloutFailure {
  const cancelled = state.conclusion === 'cancelled';
  return {
    code: cancelled ? 'build-cancelled' : 'build-failed',
    message: cancelled ? 'The build was cancelled.' : `The build ended with \`${state.conclusion}\`.`,
    hint: cancelled ? 'Comment /host to build again.' : 'Mend what its last lines say, and push: it is built again.',
    log: state.log.map(redactSecrets),
    url: state.url,
  };
}
