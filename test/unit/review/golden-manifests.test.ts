import { expect, test } from '@jest/globals';
import { renderDriftEnd, renderDriftIssue } from '../../../src/domain/reports/drift-issue.ts';
import { renderManifestsCheck, renderManifestsComment } from '../../../src/domain/reports/manifests-report.ts';
import { reviewManifests } from '../../../src/domain/review/review-manifests.ts';
import { touchedPaths } from '../../../src/domain/review/touched-paths.ts';
import { expectGolden } from '../reports/expect-golden.ts';
import { type Files, inputOf, OVERLAY, texts } from './review-fixtures.ts';

function edited(file: string, from: string, to: string): Files {
  const text = OVERLAY[file] ?? '';
  expect(text).toContain(from);
  return { ...OVERLAY, [file]: text.replace(from, to) };
}

const stopped = edited('kustomization.yaml', 'count: 1', 'count: 0');
const broken = { ...edited('service.yaml', 'spec:\n', 'spec:\n  type: LoadBalancer\n'), 'NOTES.md': 'Hello\n' };
const unrendered = edited('kustomization.yaml', '- service.yaml', '- service.yaml\n- ../../base');

const BOTH = inputOf({ base: texts(OVERLAY), head: texts(stopped) });
const WITH_POLICY = [...BOTH.changedPaths, 'mcp-hosting.yml'];

const opened = edited(
  'deployment.yaml',
  '        - name: MCP_WRAPPER_KEYS_FILE\n          value: /etc/mcp-access/keys\n',
  '',
);

const CASES = {
  opened: inputOf({ base: texts(OVERLAY), head: texts(opened) }),
  passed: BOTH,
  failed: inputOf({ base: texts(OVERLAY), head: texts(broken) }),
  unrendered: inputOf({ head: texts(unrendered) }),
  removed: inputOf({ base: texts(OVERLAY), head: [] }),
  policy: {
    ...BOTH,
    changedPaths: WITH_POLICY,
    touched: touchedPaths({ all: WITH_POLICY, removed: [] }),
    policy: { base: null, head: 'merge: auto\n' },
  },
};

const AT = {
  repository: { owner: 'acme', name: 'mcp-server-deployments' },
  pullRequest: 41,
  headSha: '4f2c1aa8d0e6b7c5f3a2918e7d6c5b4a39281706',
  baseBranch: 'main',
  githubWebUrl: 'https://github.com',
};

test.each(Object.entries(CASES))('manifests: %s', (name, input) => {
  const review = reviewManifests(input);
  const { title, summary, conclusion, annotations } = renderManifestsCheck({ ...AT, review });

  expectGolden(`manifests-${name}.md`, `${renderManifestsComment({ ...AT, review })}\n`);
  const marks = annotations.map(({ path, startLine, level }) => `${level} ${path}:${startLine}`);
  expectGolden(`manifests-check-${name}.md`, `${[`${conclusion}: ${title}`, summary, ...marks].join('\n\n')}\n`);
});

test('manifests: secrets that nobody set', () => {
  const names = Array.from({ length: 12 }, (_, index) => `KEY_${String.fromCharCode(65 + index)}`);
  const unset = [{ serverId: 'stripe-k3v9x2', names: ['STRIPE_API_KEY'] }, ...many('hello-q7m2d4', names)];
  const review = { ...reviewManifests(BOTH), unset };
  const { title, summary, conclusion } = renderManifestsCheck({ ...AT, review });

  expectGolden('manifests-unset.md', `${renderManifestsComment({ ...AT, review })}\n`);
  expectGolden('manifests-check-unset.md', `${[`${conclusion}: ${title}`, summary].join('\n\n')}\n`);
});

function many(serverId: string, names: string[]): { serverId: string; names: string[] }[] {
  return Array.from({ length: 6 }, () => ({ serverId, names }));
}

test('drift', () => {
  const reported = (
    [
      'overlay-without-row',
      'overlay-of-deleted',
      'row-without-overlay',
      'overlay-without-application',
      'application-without-overlay',
      'application-out-of-sync',
      'running-without-pods',
      'stopped-with-pods',
      'secret-without-server',
    ] as const
  ).map((kind) => ({ kind, serverId: 'hello-k3v9x2', objects: ['Deployment mcp-hello-k3v9x2', 'Service `a|b`'] }));
  const { title, body } = renderDriftIssue({ repairs: [], reported, heldBack: 0 });

  expectGolden('drift-issue.md', `${title}\n\n---\n\n${body}\n\n---\n\n${renderDriftEnd().body}\n`);
});
