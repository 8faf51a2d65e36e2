import { expect, test } from '@jest/globals';
import { renderCheckRun } from '../../../src/domain/reports/check-run-view.ts';
import { renderDeploymentStatus } from '../../../src/domain/reports/deployment-view.ts';
import { renderStatusComment } from '../../../src/domain/reports/status-comment.ts';
import { countTools } from '../../../src/domain/reports/tool-count.ts';
import { rolloutAt, verification, viewOf } from './report-fixtures.ts';

const STORED = Array.from({ length: 200 }, (_, index) => ({ name: `tool-${index}` }));

test.each([
  [{ tools: [] }, '0 tools'],
  [{ tools: STORED.slice(0, 1) }, '1 tool'],
  [{ tools: STORED.slice(0, 199) }, '199 tools'],
  [{ tools: STORED }, '200 or more tools'],
  [{ tools: STORED, toolCount: 200 }, '200 tools'],
  [{ tools: STORED, toolCount: 312 }, '312 tools'],
])('countTools: case %#', (known, expected) => {
  expect(countTools(known)).toBe(expected);
});

test('reports of a server with more tools than are stored tell their real number', () => {
  const view = viewOf(rolloutAt('succeeded', { verification: { ...verification(), tools: STORED, toolCount: 312 } }));

  expect(renderCheckRun(view).title).toBe('Running · 312 tools');
  expect(renderDeploymentStatus(view).description).toBe('Running with 312 tools');
  const comment = renderStatusComment(view);
  expect(comment).toMatch(/\*\*Tools\*\* \| 312: `tool-0`, .*`tool-19` and 292 more \|/);
  expect(comment).toContain('handshake 2025-11-25, 312 tools');
});
