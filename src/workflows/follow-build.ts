import type { Rollout } from '../domain/rollout.ts';
import { recordFact } from './advance-server.ts';
import { buildFailure } from './effects/build.ts';
import type { Platform } from './platform.ts';

/** The build's last step reported an image. It is believed for a rollout of the very repository that reported it. */
export async function recordBuildReport(
  platform: Platform,
  report: { repositoryId: number; rolloutId: string; runId: number; digest: string },
): Promise<void> {
  const rollout = await platform.rollouts.read(report.rolloutId);
  if (!rollout || !(await isOf(platform, rollout, report.repositoryId))) return;
  if (rollout.build && rollout.build.runId !== report.runId) return;
  await recordFact(platform, rollout.serverId, rollout.id, { kind: 'build-succeeded', digest: report.digest });
}

export interface BuildRun {
  repositoryId: number;
  runId: number;
  /** Of a run that was dispatched, which takes write access; others are named by strangers' commits and pull requests. */
  title?: string;
  conclusion: string;
  url: string;
}

/** A workflow run ended without success. */
export async function followBuild(platform: Platform, run: BuildRun): Promise<void> {
  const rollout = await findRollout(platform, run);
  if (rollout?.stage !== 'building' || !(await isOf(platform, rollout, run.repositoryId))) return;
  const { installationId, repository } = rollout.source;
  const state = await platform.builds.read(installationId, repository, run.runId);
  const failed =
    state.state === 'failed' ? state : { state: 'failed' as const, conclusion: run.conclusion, log: [], url: run.url };
  await recordFact(platform, rollout.serverId, rollout.id, { kind: 'failed', failure: buildFailure(failed) });
}

/** By the run's id, or by its title where the answer to the dispatch was lost. */
async function findRollout(platform: Platform, run: BuildRun): Promise<Rollout | undefined> {
  const byRun = await platform.rollouts.findByBuildRun(run.repositoryId, run.runId);
  if (byRun) return byRun;
  const id = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(run.title ?? '')?.[0];
  const named = id ? await platform.rollouts.read(id) : undefined;
  return named?.build ? undefined : named;
}

async function isOf(platform: Platform, rollout: Rollout, repositoryId: number): Promise<boolean> {
  const server = await platform.hostedServers.findByServerId(rollout.serverId);
  return server?.source.repositoryId === repositoryId;
}
