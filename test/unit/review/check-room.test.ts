import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { sizeQuota } from '../../../src/domain/scaffold/size-quota.ts';
import { MINIMAL_OVERLAY } from '../domain/overlay-cases.ts';
import { GATEWAY, inputOf, texts, told, verdict } from './review-fixtures.ts';

const QUOTA = readFileSync(new URL('../../../kustomize/base/resource-quota.yaml', import.meta.url), 'utf8');

/** The scaffold's quota for a number of servers. */
function quotaFor(servers: number): string {
  const { pods, requestsCpu, requestsMemory, limitsCpu, limitsMemory } = sizeQuota({ servers, wakeServices: false });
  const wanted: Record<string, string> = {
    pods: String(pods),
    'requests.cpu': requestsCpu,
    'requests.memory': requestsMemory,
    'limits.cpu': limitsCpu,
    'limits.memory': limitsMemory,
  };
  return QUOTA.replace(/^ {4}([a-z.]+): .*$/gm, (line, name: string) =>
    wanted[name] === undefined ? line : `    ${name}: "${wanted[name]}"`,
  );
}

const POLICY = 'scaling: { auto: true, toZero: true }\n';

function overlay(config: Partial<OverlayInput['config']>, replicas = 1) {
  return renderOverlay({
    ...MINIMAL_OVERLAY,
    route: GATEWAY,
    replicas,
    config: { ...MINIMAL_OVERLAY.config, ...config },
  });
}

function verdictAt(servers: number, config: Partial<OverlayInput['config']>, replicas = 1): string[] {
  const files = overlay(config, replicas);
  return verdict(files, { policy: { base: POLICY, head: POLICY }, resourceQuotaText: quotaFor(servers) });
}

const LARGE = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '4', memory: '4Gi' } };

test.each([1, 2, 3, 10, 200])('a server with the defaults has room in the quota for %i', (servers) => {
  expect(verdictAt(servers, {})).toEqual([]);
});

test.each([
  ['one replica', { scaling: { min: 1, max: 1 } }, '1 pod and'],
  ['an autoscaler', { scaling: { min: 1, max: 3 } }, '3 pods and'],
  ['KEDA', { scaling: { min: 0, max: 3 } }, '3 pods and'],
  ['several replicas', { scaling: { min: 3, max: 3 } }, '3 pods and'],
])('more than the whole quota is refused where the limit stands, with %s', (_, config, words) => {
  const replicas = config.scaling.min === 3 ? 3 : 1;

  const problems = verdictAt(3, { ...config, resources: LARGE }, replicas);

  expect(problems).toHaveLength(2);
  expect(problems.join('\n')).toContain(words);
  expect(problems[0]).toMatch(/^failure servers\/[^ ]+\/deployment.yaml:[0-9]+ Cannot deploy spec.*limits.memory: /);
  expect(problems[1]).toMatch(/limits\.cpu: .* need more limits\.cpu than the namespace has/);
});

test('the pod that comes before an old one goes is counted', () => {
  const fits = { scaling: { min: 1, max: 1 }, resources: { ...LARGE, limits: { cpu: '1', memory: '256Mi' } } };
  const fitsOnce = { ...fits, resources: { ...LARGE, limits: { cpu: '1.5', memory: '256Mi' } } };

  expect(verdictAt(2, fits)).toEqual([]);
  expect(verdictAt(2, fitsOnce)).toEqual([expect.stringContaining('1 pod and one more while they are replaced')]);
});

test('too many pods are refused where each is small', () => {
  expect(verdictAt(1, { scaling: { min: 10, max: 10 } }, 10).join()).toContain('need more pods than the namespace has');
});

test('a stopped server needs no room, and one that had none before is a warning', () => {
  expect(verdictAt(1, { resources: LARGE }, 0)).toEqual([]);
  const before = overlay({ resources: LARGE });
  const input = inputOf({ base: texts(before), head: texts(before) }, { resourceQuotaText: quotaFor(1) });
  expect(told(input)).toEqual([
    expect.stringMatching(/^warning .*It was so before/),
    expect.stringMatching(/^warning /),
  ]);
});

test.each(['', '\u0000', 'kind: ResourceQuota', QUOTA.replace(/hard:.*/s, 'hard: {}')])(
  'a quota that says nothing bounds nothing: %j',
  (resourceQuotaText) => {
    expect(verdict(overlay({ resources: LARGE }), { resourceQuotaText })).toEqual([]);
  },
);
