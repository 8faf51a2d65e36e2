import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseApplication } from '../../../src/adapters/kubernetes/parse-application.ts';
import { parseDeployment } from '../../../src/adapters/kubernetes/parse-deployment.ts';
import { parsePod } from '../../../src/adapters/kubernetes/parse-pod.ts';
import { type Assessment, assessApplication } from '../../../src/domain/assess-application.ts';
import { applyFact } from '../../../src/domain/decide-rollout.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { rolloutFixture } from './rollout-fixture.ts';

/**
 * Objects of Argo CD 3.5 and Kubernetes 1.36, as they were read while real servers were healthy or in trouble. The two
 * commits of the deployments repository that matter are the merge of the rollout and what others merged afterwards.
 */
interface Observed {
  /** When it was read. */
  now: string;
  application: { status?: { sync?: { revision?: string } } } | null;
  deployment: Parameters<typeof parseDeployment>[0] | null;
  pods: Parameters<typeof parsePod>[0][];
}

const FIRST = '99e57de3';
const OK = 'sha256:efca8edfa84e880d0c5a1555d83b9821f98d9370b576c25d5b5c233634140214';

function read(name: string): Observed {
  return JSON.parse(readFileSync(new URL(`observed/${name}.json`, import.meta.url), 'utf8'));
}

/** The rollout began two minutes before, which is past every grace. */
function assess(name: string, changes: Partial<Rollout> = {}, secondsIn = 120): Assessment {
  const { now, application, deployment, pods } = read(name);
  const entered = new Date(Date.parse(now) - secondsIn * 1000).toISOString();
  const revision = application?.status?.sync?.revision ?? '';
  const rollout = rolloutFixture({
    serverId: name,
    stage: 'syncing',
    merge: { sha: revision, by: 'kim' },
    stages: [{ stage: 'syncing', at: entered }],
    ...changes,
  });
  const observation = {
    application: application ? parseApplication(application) : undefined,
    deployment: deployment ? parseDeployment(deployment) : undefined,
    pods: pods.map(parsePod),
  };
  return assessApplication(rollout, observation, new Date(now));
}

describe('an Application of a real Argo CD', () => {
  test.each([
    ['healthy', 'with the image among its pods'],
    ['head-moved', 'at a newer commit of others'],
    ['without-images', 'whose AppProject does not show pods'],
  ])('%s: one %s is synced', (name) => {
    expect(assess(name, { digest: OK })).toEqual({ kind: 'synced' });
  });

  test('head-moved: GitHub is asked whether the newer commit holds the merge, and an answer of no is kept', () => {
    const asked = assess('head-moved', { merge: { sha: 'f'.repeat(40), by: null }, digest: OK });

    expect(asked).toEqual({
      kind: 'ask-revision',
      revision: expect.stringMatching(/^be9211d/),
      verdict: { kind: 'synced' },
    });
    const { revision } = asked as { revision: string };
    expect(assess('head-moved', { merge: { sha: 'f'.repeat(40), by: null }, uncoveredRevision: revision }).kind).toBe(
      'waiting',
    );
  });

  test.each([
    ['new', 'Argo CD: Unknown, Unknown'],
    ['progressing', 'Argo CD: Synced, Progressing'],
    ['superseded', 'Argo CD: Synced, Progressing'],
    ['out-of-sync', 'Argo CD: OutOfSync (Deployment mcp-unknownfield-aaaaaa), Healthy'],
  ])('%s is waited for, and says why', (name, because) => {
    expect(assess(name, { digest: OK })).toEqual({ kind: 'waiting', because });
  });

  test('superseded: the rollout that was replaced is cancelled, whatever the cluster says', () => {
    const replaced = rolloutFixture({ stage: 'syncing', merge: { sha: FIRST, by: null } });
    const reason = 'It was replaced by the deployment of 9def8ef.';
    expect(applyFact(replaced, { kind: 'superseded', reason }, new Date())).toMatchObject({
      stage: 'cancelled',
      cancelReason: reason,
    });
  });

  test.each<[string, { code: string; message: string; hint: string; changes?: Partial<Rollout> }]>([
    [
      'crash-loop',
      {
        code: 'server-crashed',
        message: 'The server exited with code 1, 3 times.',
        hint: 'Mend what its last lines say',
      },
    ],
    [
      'crash-loop-degraded',
      {
        code: 'server-crashed',
        message: 'The server exited with code 1, 6 times.',
        hint: 'Mend what its last lines say',
      },
    ],
    [
      'out-of-memory',
      {
        code: 'server-out-of-memory',
        message: 'The server used more than its 256Mi of memory and was killed, 3 times.',
        hint: 'Raise `resources.limits.memory` in `.mcp-hosting.yml`',
      },
    ],
    [
      'not-started',
      {
        code: 'container-not-started',
        message: 'The container cannot be started: stat /no-such-program: no such file or directory',
        hint: 'Mend ENTRYPOINT and CMD of the image',
      },
    ],
    [
      'image-missing',
      {
        code: 'image-not-pulled',
        message: `The cluster cannot pull \`registry.example.com/acme/mcp-servers/ok@sha256:${'0'.repeat(64)}\`: not found`,
        hint: 'Comment /host to build the image again.',
      },
    ],
    [
      'registry-unknown',
      {
        code: 'image-not-pulled',
        message: `The cluster cannot pull \`registry.invalid/acme/x@${OK}\`: lookup registry.invalid on 10.96.0.10:53: no such host`,
        hint: 'See that the nodes reach the registry',
      },
    ],
    [
      'secret-missing',
      {
        code: 'secret-missing',
        message: '`STRIPE_API_KEY` is not set.',
        hint: 'the deployment goes on by itself',
        changes: { serverId: 'secret-aaaaaa', config: { ...rolloutFixture().config, env: ['STRIPE_API_KEY'] } },
      },
    ],
    [
      'not-scheduled',
      {
        code: 'no-node',
        message: "No node takes the pod: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
        hint: 'Add a node',
      },
    ],
    [
      'quota',
      {
        code: 'quota-exceeded',
        message: 'ResourceQuota `full` has no room: it is asked for pods=1, and pods=10 of pods=8 are used.',
        hint: 'Stop or delete a server, or raise the quota in `base/resource-quota.yaml`',
      },
    ],
    [
      'limit-range',
      {
        code: 'admission-denied',
        message:
          'The LimitRange of namespace `mcp-servers` turns the pod away: maximum memory usage per Container is 4Gi, but limit is 5Gi',
        hint: 'Ask for less under `resources`',
      },
    ],
    [
      'pod-security',
      {
        code: 'admission-denied',
        message:
          'Namespace `mcp-servers` admits no such pod: violates PodSecurity "restricted:latest": allowPrivilegeEscalation',
        hint: 'Comment /host to have the overlay written anew',
      },
    ],
    [
      'admission-policy',
      {
        code: 'admission-denied',
        message: "An admission policy of the cluster turns it away: ValidatingAdmissionPolicy 'teams-must-be-named'",
        hint: 'Mend what the policy names',
      },
    ],
    [
      'sync-retrying',
      {
        code: 'admission-denied',
        message: 'every Deployment needs the label team',
        hint: 'Mend what the policy names',
      },
    ],
    [
      'sync-failed',
      {
        code: 'sync-failed',
        message:
          'Kubernetes refuses a manifest of `servers/syncfail-aaaaaa`: Deployment.apps "mcp-syncfail-aaaaaa" is invalid:',
        hint: 'comment /host to have the overlay written anew',
      },
    ],
    [
      'kind-missing',
      {
        code: 'kind-missing',
        message: 'The cluster does not know `gateway.nginx.org/v1alpha1`: its CRD is not installed.',
        hint: 'Install what brings it',
      },
    ],
    [
      'not-permitted',
      {
        code: 'sync-failed',
        message:
          'The AppProject of Argo CD does not permit it: resource :Secret is not permitted in project mcp-servers',
        hint: 'Apply `argocd/app-project.yaml`',
      },
    ],
    [
      'spec-invalid',
      {
        code: 'application-invalid',
        message: 'Argo CD refuses the Application `mcp-invalid-aaaaaa`: application destination server',
        hint: 'kubectl apply -k argocd',
        changes: { serverId: 'invalid-aaaaaa' },
      },
    ],
    [
      'suspended',
      {
        code: 'server-suspended',
        message: 'Argo CD says Suspended',
        hint: 'kubectl --namespace mcp-servers rollout resume deployment/mcp-suspended-aaaaaa',
        changes: { serverId: 'suspended-aaaaaa' },
      },
    ],
  ])('%s: the cause and the cure are told', (name, { code, message, hint, changes }) => {
    const failure = { code, message: expect.stringContaining(message), hint: expect.stringContaining(hint) };
    expect(assess(name, changes)).toMatchObject({ kind: 'failed', failure });
  });

  test('not-built: an error is told once git was looked at after the merge, and not before', () => {
    expect(assess('not-built', {}, 60).kind).toBe('waiting');
    expect(assess('not-built', { serverId: 'render-aaaaaa' }, 600)).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'overlay-not-built',
        message: expect.stringMatching(/cannot build `servers\/render-aaaaaa` .*no such file or directory/s),
      },
    });
  });

  test.each(['crash-loop', 'quota', 'image-missing', 'admission-policy', 'suspended'])(
    '%s: an earlier commit says nothing of this rollout',
    (name) => {
      const later = { merge: { sha: 'f'.repeat(40), by: null } };
      expect(assess(name, later)).toMatchObject({ kind: 'ask-revision', verdict: { kind: 'failed' } });
    },
  );

  test.each(['quota', 'image-missing', 'admission-policy', 'not-scheduled'])(
    '%s: what may mend itself is waited for first',
    (name) => {
      expect(assess(name, {}, 5).kind).toBe('waiting');
    },
  );

  test('crash-loop: pods that are being replaced or deleted say nothing', () => {
    const { now, application, pods } = read('crash-loop');
    const [old] = pods.map(parsePod);
    if (!old) throw new Error('the fixture has a pod');
    const rollout = rolloutFixture({
      stage: 'syncing',
      merge: { sha: application?.status?.sync?.revision ?? '', by: null },
    });
    const assessPods = (...seen: (typeof old)[]) =>
      assessApplication(
        rollout,
        { application: parseApplication(application), pods: seen, deployment: undefined },
        new Date(now),
      ).kind;
    expect(assessPods(old)).toBe('failed');
    expect(assessPods({ ...old, restarts: 0, template: 'newer' }, old)).toBe('waiting');
    expect(assessPods({ ...old, ending: true })).toBe('waiting');
  });
});
