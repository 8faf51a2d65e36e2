import { describe, expect, test } from '@jest/globals';
import { assessApplication, type Observation } from '../../../src/domain/assess-application.ts';
import type { ApplicationState, PodState } from '../../../src/domain/cluster-state.ts';
import type { Rollout } from '../../../src/domain/rollout.ts';
import { rolloutFixture, START } from './rollout-fixture.ts';

const MERGE = 'c'.repeat(40);
const OTHER = 'd'.repeat(40);
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = `ghcr.io/acme/mcp-servers/hello-k3v9x2@${DIGEST}`;
const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000);

function application(changes: Partial<ApplicationState> = {}): ApplicationState {
  return {
    serverId: 'hello-k3v9x2',
    syncStatus: 'Synced',
    healthStatus: 'Healthy',
    healthLastTransitionAt: at(-60).toISOString(),
    healthMessage: null,
    revision: MERGE,
    reconciledAt: at(0).toISOString(),
    operation: null,
    conditions: [],
    outOfSync: [],
    images: [IMAGE],
    ...changes,
  };
}

function pod(changes: Partial<PodState> = {}): PodState {
  return {
    name: 'p',
    ready: true,
    image: IMAGE,
    phase: 'Running',
    reason: null,
    message: null,
    restarts: 0,
    lastExitCode: null,
    lastReason: null,
    template: 'new',
    ending: false,
    ...changes,
  };
}

function assess(observation: Partial<Observation>, changes: Partial<Rollout> = {}, now = at(0)) {
  const rollout = rolloutFixture({
    stage: 'syncing',
    merge: { sha: MERGE, by: null },
    digest: DIGEST,
    stages: [{ stage: 'syncing', at: START.toISOString() }],
    ...changes,
  });
  return assessApplication(
    rollout,
    { application: application(), pods: [pod()], deployment: undefined, ...observation },
    now,
  );
}

describe('an Application', () => {
  test('that is synced and healthy at the merge is what was asked for', () => {
    expect(assess({})).toEqual({ kind: 'synced' });
  });

  test('at another revision needs the question whether that holds the merge, once', () => {
    const elsewhere = { application: application({ revision: OTHER }) };
    expect(assess(elsewhere)).toEqual({ kind: 'ask-revision', revision: OTHER, verdict: { kind: 'synced' } });
    expect(assess(elsewhere, { uncoveredRevision: OTHER }).kind).toBe('waiting');
  });

  test.each<[string, Partial<ApplicationState>]>([
    ['is out of sync', { syncStatus: 'OutOfSync' }],
    ['is progressing', { healthStatus: 'Progressing' }],
    ['became healthy a moment ago', { healthLastTransitionAt: at(-2).toISOString() }],
    ['still has the image before', { images: ['ghcr.io/acme/x@sha256:old'] }],
    ['has no revision yet', { revision: null }],
  ])('that %s is waited for', (_, changes) => {
    expect(assess({ application: application(changes) }).kind).toBe('waiting');
  });

  test('that does not exist yet is waited for, and is what a delete wants', () => {
    expect(assess({ application: undefined }).kind).toBe('waiting');
    expect(assess({ application: undefined }, { kind: 'delete' }).kind).toBe('synced');
    expect(assess({}, { kind: 'delete' }).kind).toBe('waiting');
  });

  test('of a stopped server is waited for while a pod is left', () => {
    expect(assess({}, { kind: 'stop' }).kind).toBe('waiting');
    expect(assess({ pods: [] }, { kind: 'stop' }).kind).toBe('synced');
  });

  test('that KEDA holds at zero is that of a stopped server, and of no other', () => {
    const held = application({ healthStatus: 'Suspended' });

    expect(assess({ application: held, pods: [] }, { kind: 'stop' }).kind).toBe('synced');
    expect(assess({ application: held, pods: [] }, { kind: 'start' }).kind).toBe('waiting');
  });

  test.each<[string, Partial<ApplicationState>]>([
    ['a comparison error', { syncStatus: 'Unknown', conditions: [{ type: 'ComparisonError', message: 'bad yaml' }] }],
    [
      'a failed operation at the merge',
      {
        syncStatus: 'OutOfSync',
        operation: { phase: 'Failed', message: 'quota', revision: MERGE, retryCount: 5, finishedAt: null },
      },
    ],
    ['lasting ill health', { healthStatus: 'Degraded', healthLastTransitionAt: at(-5).toISOString() }],
  ])('with %s fails after a grace, not before', (_, changes) => {
    expect(assess({ application: application(changes) }, {}, at(1)).kind).toBe('waiting');
    expect(assess({ application: application(changes) }, {}, at(60)).kind).toBe('failed');
  });

  test('whose operation failed at another revision needs the question whether that holds the merge', () => {
    const operation = { phase: 'Failed', message: 'quota', revision: OTHER, retryCount: 5, finishedAt: null };
    const observation = { application: application({ syncStatus: 'OutOfSync', operation }) };
    expect(assess(observation, {}, at(60))).toMatchObject({ kind: 'ask-revision', verdict: { kind: 'failed' } });
    expect(assess(observation, { uncoveredRevision: OTHER }, at(60)).kind).toBe('waiting');
  });
});

describe('a pod', () => {
  test.each([
    [
      'secret "mcp-hello-k3v9x2-env" not found',
      '`A` and `B` are not set',
      'Run `npx mcp-hosting secrets set hello-k3v9x2 A`, and the same for `B`; the deployment goes on by itself.',
    ],
    [
      "couldn't find key B in Secret mcp-servers/mcp-hello-k3v9x2-env",
      '`B` is not set',
      'Run `npx mcp-hosting secrets set hello-k3v9x2 B`; the deployment goes on by itself.',
    ],
    ['secret "mcp-hello-k3v9x2-access" not found', 'The pod cannot start', 'Look at the Secrets of the server'],
  ])('that cannot start since %s fails at once with the cure', (message, said, cure) => {
    const missing = pod({ ready: false, reason: 'CreateContainerConfigError', message });
    const config = { ...rolloutFixture().config, env: ['A', 'B'] };
    const result = assess({ application: application({ healthStatus: 'Progressing' }), pods: [missing] }, { config });
    expect(result).toMatchObject({
      kind: 'failed',
      previousLog: false,
      failure: { code: 'secret-missing', message: expect.stringContaining(said), hint: expect.stringContaining(cure) },
    });
  });

  test('that crashes again and again fails with its exit code, and its log is that of the container before', () => {
    const crashed = pod({ ready: false, reason: 'CrashLoopBackOff', restarts: 3, lastExitCode: 1 });
    const result = assess({ application: application({ healthStatus: 'Progressing' }), pods: [crashed] });
    expect(result).toMatchObject({
      kind: 'failed',
      previousLog: true,
      failure: { message: 'The server exited with code 1, 3 times.' },
    });
  });

  test('of the version before says nothing about this one', () => {
    const old = pod({ ready: false, image: 'ghcr.io/acme/x@sha256:old', reason: 'CrashLoopBackOff', restarts: 9 });
    expect(assess({ pods: [old, pod()] }).kind).toBe('synced');
  });
});
