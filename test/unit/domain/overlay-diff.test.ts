import { describe, expect, test } from '@jest/globals';
import { DIFF_CHARS_MAX, diffOverlay, unifiedDiff } from '../../../src/domain/overlay-diff.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { MINIMAL_OVERLAY, OVERLAY_CASES } from './overlay-cases.ts';

const before = renderOverlay(MINIMAL_OVERLAY);

describe('diffOverlay', () => {
  test('is empty for equal files', () => {
    expect(diffOverlay(before, { ...before })).toEqual([]);
    expect(diffOverlay({}, {})).toEqual([]);
  });

  test('names what is added, changed and removed, by path', () => {
    expect(diffOverlay({ a: '1', b: '1', constructor: 'x' }, { b: '2', c: '' })).toEqual([
      { path: 'a', kind: 'removed' },
      { path: 'b', kind: 'changed' },
      { path: 'c', kind: 'added' },
      { path: 'constructor', kind: 'removed' },
    ]);
  });
});

describe('unifiedDiff', () => {
  test('is empty when nothing changes', () => {
    expect(unifiedDiff({ before, after: before })).toBe('');
  });

  test('shows a stop as one line of the Deployment', () => {
    expect(unifiedDiff({ before, after: renderOverlay({ ...MINIMAL_OVERLAY, replicas: 0 }) })).toBe(`\
--- Deployment mcp-stripe-k3v9x2
+++ Deployment mcp-stripe-k3v9x2
@@ -15,7 +15,7 @@
   namespace: mcp-servers
 spec:
   progressDeadlineSeconds: 300
-  replicas: 1
+  replicas: 0
   revisionHistoryLimit: 3
   selector:
     matchLabels:
`);
  });

  test('shows a change of route as one manifest removed and one added', () => {
    const diff = unifiedDiff({ before, after: renderOverlay(OVERLAY_CASES.gateway ?? MINIMAL_OVERLAY) });

    expect(diff.split('\n').filter((line) => /^(?:---|\+\+\+) /.test(line))).toEqual([
      '--- /dev/null',
      '+++ HTTPRoute mcp-stripe-k3v9x2',
      '--- Ingress mcp-stripe-k3v9x2',
      '+++ /dev/null',
    ]);
  });

  test('shows a new server as added, and a deleted one as removed', () => {
    expect(unifiedDiff({ before: {}, after: before })).not.toMatch(/^-(?!--)/m);
    expect(unifiedDiff({ before, after: {} })).not.toMatch(/^\+(?!\+\+)/m);
  });

  test('shows the files where people went beyond what is rendered', () => {
    const edited = { ...before, 'kustomization.yaml': `${before['kustomization.yaml']}namePrefix: x-\n` };

    const diff = unifiedDiff({ before: edited, after: before });

    expect(diff).toContain('--- kustomization.yaml\n+++ kustomization.yaml\n');
    expect(diff).toContain('\n-namePrefix: x-\n');
  });

  test('is bounded, at whole lines, and says so', () => {
    const after = { 'a.yaml': Array.from({ length: 20_000 }, (_, index) => `line${index}`).join('\n') };

    const diff = unifiedDiff({ before: { 'a.yaml': 'x' }, after, charsMax: 1_000 });

    expect(diff.length).toBeLessThan(1_200);
    expect(unifiedDiff({ before, after: { 'a.yaml': 'b\n'.repeat(100_000) } }).length).toBeLessThan(
      DIFF_CHARS_MAX + 200,
    );
  });
});
