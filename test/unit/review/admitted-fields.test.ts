import { expect, test } from '@jest/globals';
import { renderKustomization } from '../../../src/domain/kustomize-render.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { OVERLAY_FIELDS, unadmittedFields } from '../../../src/domain/review/manifest-fields.ts';
import { OVERLAY_CASES } from '../domain/overlay-cases.ts';

const RENDERED = Object.values(OVERLAY_CASES).flatMap((input) => renderKustomization(renderOverlay(input)));

/** Admitted beside what mcp-hosting writes: what a check of its own refuses with its reason, and what people may change. */
const BESIDE = [
  'apps/v1 Deployment.spec.template.spec.containers.env.valueFrom.secretKeyRef.optional',
  'apps/v1 Deployment.spec.template.spec.containers.startupProbe.initialDelaySeconds',
  'apps/v1 Deployment.spec.template.spec.containers.livenessProbe.failureThreshold',
  'apps/v1 Deployment.spec.template.spec.containers.readinessProbe.failureThreshold',
  'networking.k8s.io/v1 NetworkPolicy.spec.ingress',
];
const TRACKING = 'app.kubernetes.io/instance';

/** `spec.ports.port`, of every field that is there. */
function fieldsOf(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, at));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${at}.${name}`, ...fieldsOf(inner, `${at}.${name}`)]);
}

test('every manifest that mcp-hosting writes has admitted fields alone', () => {
  expect(RENDERED.flatMap((manifest) => unadmittedFields(manifest, OVERLAY_FIELDS))).toEqual([]);
});

test('a field that no configuration gives is not admitted', () => {
  const written = new Set(
    RENDERED.flatMap((manifest) => fieldsOf(manifest, `${manifest.apiVersion} ${manifest.kind}`)),
  );

  const admitted = Object.entries(OVERLAY_FIELDS).flatMap(([kind, fields]) => fieldsOf(fields, kind));

  const unwritten = admitted.filter((field) => !written.has(field) && !field.endsWith(TRACKING));
  const ofLabels = unwritten.filter((field) => !field.includes('.labels.'));
  expect(ofLabels.filter((field) => !field.endsWith('metadata.annotations'))).toEqual(BESIDE);
});

test('a value that no configuration gives is not admitted, and those that are get named', () => {
  const [deployment] = RENDERED.filter(({ kind }) => kind === 'Deployment');
  const edited = structuredClone(deployment) as never as {
    apiVersion: string;
    kind: string;
    spec: { strategy: { rollingUpdate: { maxSurge: unknown } } };
  };
  edited.spec.strategy.rollingUpdate.maxSurge = '100%';

  expect(unadmittedFields(edited, OVERLAY_FIELDS)).toEqual([
    { path: ['spec', 'strategy', 'rollingUpdate', 'maxSurge'], values: [1], value: '100%' },
  ]);
});
