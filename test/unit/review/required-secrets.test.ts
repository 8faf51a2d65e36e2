import { expect, test } from '@jest/globals';
import { renderKustomization } from '../../../src/domain/kustomize-render.ts';
import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { requiredSecrets } from '../../../src/domain/review/required-secrets.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from '../domain/overlay-cases.ts';

function required(change: Partial<OverlayInput> & { env?: string[] }): string[] {
  const { env = ['TOKEN', 'LOG_LEVEL'], ...rest } = change;
  const base = { ...MINIMAL_OVERLAY, ...rest };
  const input = { ...base, config: { ...base.config, env } };
  return requiredSecrets(input.serverId, renderKustomization(renderOverlay(input)));
}

test('requiredSecrets names what the pods of an overlay take from the Secret of the server', () => {
  expect(required({})).toEqual(['LOG_LEVEL', 'TOKEN']);
  expect(required({ env: [] })).toEqual([]);
});

test('requiredSecrets names nothing where no pod starts, or another store has the values', () => {
  const held = OVERLAY_CASES['scale-to-zero-held'] as OverlayInput;
  const external = OVERLAY_CASES['external-secrets'] as OverlayInput;

  expect(required({ replicas: 0 })).toEqual([]);
  expect(required(held)).toEqual([]);
  expect(required(OVERLAY_CASES['scale-to-zero'] as OverlayInput)).toEqual(['LOG_LEVEL', 'TOKEN']);
  expect(required(external)).toEqual([]);
});

test('requiredSecrets leaves out Secrets of others, optional ones, and keys that nobody can set', () => {
  const { serverId } = MINIMAL_OVERLAY;
  const from = (reference: object) => ({ name: 'A', valueFrom: { secretKeyRef: reference } });
  const own = `mcp-${serverId}-env`;
  const env = [
    from({ name: own, key: 'NEEDED' }),
    from({ name: own, key: 'OPTIONAL', optional: true }),
    from({ name: own, key: '`@everyone`' }),
    from({ name: `mcp-${serverId}-tls`, key: 'KEY' }),
    { name: 'PLAIN', value: 'x' },
  ];
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: { template: { spec: { initContainers: [{ env }], containers: [{}] } } },
  };

  expect(requiredSecrets(serverId, [manifest])).toEqual(['NEEDED']);
});
