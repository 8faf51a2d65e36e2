import type { Rollout, RolloutFailure } from './rollout.ts';

/** What people are told when a stage took longer than its bound (rollout-limits.ts). */
export function deadlineFailure(rollout: Rollout): RolloutFailure {
  switch (rollout.stage) {
    case 'building':
      return {
        code: 'build-timed-out',
        message: 'The build did not report an image in 30 minutes.',
        hint: 'Look at the workflow run, mend what it waits for, then comment /host.',
        ...(rollout.build ? { url: rollout.build.url } : {}),
      };
    case 'syncing':
      return {
        code: 'sync-timed-out',
        message: `Argo CD did not bring the merged overlay to Synced and Healthy in 15 minutes${rollout.lastProblem ? `; last: ${rollout.lastProblem}` : ''}.`,
        hint: `Look at the Application mcp-${rollout.serverId}; it goes on by itself once it is healthy.`,
      };
    case 'verifying':
      return {
        code: 'verify-timed-out',
        message: `The pods are healthy, but the endpoint does not answer MCP: ${rollout.lastProblem ?? 'no answer'}`,
        hint: 'Look at the logs of the server and at the route and certificate of its host, then comment /host.',
      };
    default:
      return {
        code: 'github-timed-out',
        message: 'GitHub did not take our requests for 90 minutes.',
        hint: 'Look at githubstatus.com, then give the command again.',
      };
  }
}
