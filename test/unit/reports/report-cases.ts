import type { ReportView } from '../../../src/domain/reports/report-view.ts';
import type { Rollout, RolloutStage } from '../../../src/domain/rollout.ts';
import { endedIn, rolloutAt, viewOf } from './report-fixtures.ts';

/** Every stage and every kind of end that people see, by the name of its golden files. */
export const REPORT_CASES: Readonly<Record<string, ReportView>> = {
  accepted: viewOf(rolloutAt('accepted')),
  setup: viewOf(
    rolloutAt('setup', {
      needsSetup: true,
      setupPullRequest: {
        repository: { owner: 'acme', name: 'stripe-server' },
        number: 8,
        url: 'https://github.com/acme/stripe-server/pull/8',
      },
    }),
  ),
  building: viewOf(rolloutAt('building')),
  proposing: viewOf(rolloutAt('proposing')),
  proposed: viewOf(rolloutAt('proposed')),
  'proposed-unset': viewOf(rolloutAt('proposed', { unsetSecrets: ['SLACK_TOKEN', 'STRIPE_API_KEY'] })),
  'proposed-auto': viewOf(rolloutAt('proposed', { mergePolicy: 'auto' })),
  syncing: viewOf(rolloutAt('syncing')),
  verifying: viewOf(rolloutAt('verifying')),
  running: viewOf(rolloutAt('succeeded'), { status: 'running' }),
  'running-public-preview': viewOf(
    rolloutAt('succeeded', {
      config: { ...rolloutAt('succeeded').config, access: 'public' },
      source: { ...rolloutAt('succeeded').source, pullRequest: 12 },
    }),
    { status: 'running' },
  ),
  stopped: viewOf(withoutBuild(rolloutAt('succeeded', { kind: 'stop' })), { status: 'stopped' }),
  deleted: viewOf(withoutBuild(rolloutAt('succeeded', { kind: 'delete' })), { status: 'deleted' }),
  'failed-config': viewOf(
    failedIn('accepted', {
      failure: {
        code: 'config-invalid',
        message: '`.mcp-hosting.yml` has 2 problems.',
        hint: 'Mend them and push; the push is hosted by itself.',
      },
      configProblems: [
        {
          path: 'resources.limits.memory',
          message: 'must be a Kubernetes quantity such as `256Mi`, not `lots`',
          line: 4,
          endLine: 4,
        },
        { path: 'runtim', message: 'is no known key; did you mean `runtime`?', line: 2, endLine: 2 },
      ],
    }),
  ),
  'failed-build': viewOf(
    failedIn('building', {
      failure: {
        code: 'build-failed',
        message: 'The build failed in its step "Build and push".',
        hint: 'Mend what its last lines say and push, or comment `/host` to try again.',
        log: ['npm error code E404', "npm error 404  'left-padd@1.0.0' is not in this registry."],
        url: 'https://github.com/acme/stripe-server/actions/runs/7718',
      },
    }),
    { status: 'running' },
  ),
  'failed-crash': viewOf(
    failedIn('syncing', {
      failure: {
        code: 'server-crashed',
        message: 'The server exited with code 1, 3 times.',
        hint: 'Mend what its last lines say and push, or comment `/host` when the cause is outside the code.',
        log: ['Error: STRIPE_API_KEY is required', '    at file:///app/index.js:3:9'],
      },
    }),
    { status: 'failed' },
  ),
  'missing-secrets': viewOf({
    ...rolloutAt('syncing'),
    missingSecrets: {
      names: ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET'],
      message: '`STRIPE_API_KEY` and `STRIPE_WEBHOOK_SECRET` are not set.',
      hint: 'Run `npx mcp-hosting secrets set stripe-k3v9x2 STRIPE_API_KEY`, and the same for `STRIPE_WEBHOOK_SECRET`; the deployment goes on by itself.',
      told: false,
    },
  }),
  'failed-secret': viewOf(
    failedIn('syncing', {
      failure: {
        code: 'secret-missing',
        message: '`STRIPE_API_KEY` is not set.',
        hint: 'Run `npx mcp-hosting secrets set stripe-k3v9x2 STRIPE_API_KEY`; the deployment goes on by itself.',
      },
    }),
    { status: 'failed' },
  ),
  'failed-timeout': viewOf(
    failedIn('verifying', {
      failure: {
        code: 'verify-timed-out',
        message:
          'Cannot verify the endpoint: it answered 502, expected an MCP handshake within 3 minutes of the pods being healthy and the route programmed.',
        hint: 'Look at the logs of the server and at the route and certificate of its host, then comment /host.',
      },
    }),
    { status: 'failed' },
  ),
  'failed-stop': viewOf(
    failedIn('accepted', {
      kind: 'stop',
      failure: {
        code: 'not-deployed',
        message: 'Cannot stop stripe-k3v9x2: it was never deployed, expected a merged overlay',
        hint: 'Comment /host to deploy it.',
      },
    }),
    { status: 'failed' },
  ),
  cancelled: viewOf(
    endedFrom('proposed', 'cancelled', {
      cancelReason: 'The deployment pull request was closed by @kim without a merge.',
    }),
    { status: 'running' },
  ),
};

function failedIn(stage: RolloutStage, changes: Partial<Rollout>): Rollout {
  return endedFrom(stage, 'failed', changes);
}

function endedFrom(stage: RolloutStage, end: 'failed' | 'cancelled', changes: Partial<Rollout>): Rollout {
  return { ...rolloutAt(stage), stage: end, stages: endedIn(stage, end), ...changes };
}

/** A stop, a start or a deletion builds nothing; the endpoint of what is gone is not asked. */
function withoutBuild(rollout: Rollout): Rollout {
  const { build: _, verification: __, digest: ___, ...rest } = rollout;
  return { ...rest, stages: rollout.stages.filter(({ stage }) => stage !== 'building' && stage !== 'verifying') };
}
