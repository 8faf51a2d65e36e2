import { assertNever } from '../../domain/assert-never.ts';
import { assessApplication } from '../../domain/assess-application.ts';
import type { DeploymentState } from '../../domain/cluster-state.ts';
import type { ClusterVerdict } from '../../domain/cluster-verdict.ts';
import { declaredBy, missingSecrets, missingSecretsWords } from '../../domain/missing-secrets.ts';
import { redactSecrets } from '../../domain/reports/redact-secrets.ts';
import type { Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import { UserError } from '../../domain/user-error.ts';
import type { Platform } from '../platform.ts';

/** Last log lines that go into a check run: enough for a stack trace. */
const LOG_LINES = 20;

/** Asks Argo CD to look at git now instead of at its next poll. */
export async function refreshApplication(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  await platform.applications.refresh(rollout.serverId);
  return { kind: 'refreshed' };
}

/**
 * Looks at the Application and the pods, and says whether the merged overlay is what runs. Where declared variables have
 * no value its pods cannot start, which needs no look at them.
 */
export async function observe(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  const missing = await findMissingSecrets(platform, rollout);
  if (missing.length > 0) return { kind: 'secrets-missing', names: missing, ...missingSecretsWords(rollout, missing) };
  const [application, pods, deployment] = await Promise.all([
    platform.applications.read(rollout.serverId),
    platform.workloads.pods(rollout.serverId),
    readDeployment(platform, rollout.serverId),
  ]);
  const assessment = assessApplication(rollout, { application, pods, deployment }, platform.now());
  if (assessment.kind !== 'ask-revision') return factOf(platform, rollout, assessment);
  const { revision, verdict } = assessment;
  if (await platform.proposals.contains(rollout.merge?.sha ?? '', revision)) return factOf(platform, rollout, verdict);
  return { kind: 'not-synced', because: 'Argo CD has not seen the merge yet', uncoveredRevision: revision };
}

async function factOf(platform: Platform, rollout: Rollout, verdict: ClusterVerdict): Promise<RolloutFact> {
  switch (verdict.kind) {
    case 'synced':
      return { kind: 'synced' };
    case 'waiting':
      return { kind: 'not-synced', because: verdict.because };
    case 'failed': {
      const log = await lastLines(platform, rollout.serverId, verdict.previousLog);
      return { kind: 'failed', failure: { ...verdict.failure, ...(log.length > 0 ? { log } : {}) } };
    }
    default:
      return assertNever(verdict);
  }
}

/** It only says more of a failure: an older installation that may not read Deployments goes on without it. */
async function readDeployment(platform: Platform, serverId: string): Promise<DeploymentState | undefined> {
  try {
    return await platform.workloads.deployment(serverId);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    platform.log.warn({ error, server: serverId }, 'Deployment of a server may not be read');
    return undefined;
  }
}

async function findMissingSecrets(platform: Platform, rollout: Rollout): Promise<string[]> {
  const starts = rollout.kind === 'deploy' || rollout.kind === 'start';
  if (!starts || declaredBy(rollout).length === 0) return [];
  return missingSecrets(rollout, await platform.serverSecrets.names(rollout.serverId));
}

/** A failure is told without its log rather than not at all. */
async function lastLines(platform: Platform, serverId: string, previous: boolean): Promise<string[]> {
  try {
    const lines = await platform.workloads.logs(serverId, { lines: LOG_LINES, previous });
    return lines.map(redactSecrets);
  } catch (error) {
    platform.log.warn({ error, server: serverId }, 'Log of a failed server could not be read');
    return [];
  }
}
