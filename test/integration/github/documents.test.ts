import { expect, test } from '@jest/globals';
import { composeMutation, type MutationField } from '../../../src/adapters/github/documents/compose-mutation.ts';
import { READ_DEPLOYMENTS } from '../../../src/adapters/github/documents/deployments-repository.ts';
import { FIND_REPORT } from '../../../src/adapters/github/documents/find-report.ts';
import { MERGE_FIELD, READ_PULL_REQUEST } from '../../../src/adapters/github/documents/merge-pull-request.ts';
import { PROPOSE_FIELDS } from '../../../src/adapters/github/documents/propose.ts';
import { REPORT_FIELDS } from '../../../src/adapters/github/documents/publish-report.ts';
import { READ_BOTH } from '../../../src/adapters/github/documents/read-both.ts';
import { READ_COMMIT_FILES } from '../../../src/adapters/github/documents/read-commit-files.ts';
import { READ_ISSUE } from '../../../src/adapters/github/documents/read-issue.ts';
import { composeSetupRead } from '../../../src/adapters/github/documents/setup-repository.ts';
import { READ_SOURCE } from '../../../src/adapters/github/documents/source-repository.ts';
import { invalidities } from './fake-github.ts';

const queries = {
  READ_BOTH,
  READ_SOURCE,
  READ_DEPLOYMENTS,
  READ_COMMIT_FILES,
  READ_ISSUE,
  READ_PULL_REQUEST,
  FIND_REPORT,
  setup: composeSetupRead(['.github/workflows/mcp-hosting.yml', 'second']).document,
};

test.each(Object.entries(queries))('query %s fits GitHub’s schema', (_name, document) => {
  expect(invalidities(document)).toEqual([]);
});

const fields: Record<string, MutationField> = { ...PROPOSE_FIELDS, ...REPORT_FIELDS, merge: MERGE_FIELD };

test.each(Object.entries(fields))('mutation %s fits GitHub’s schema', (alias, field) => {
  const { document } = composeMutation('Alone', [{ alias, field, input: {} }]);

  expect(invalidities(document)).toEqual([]);
});

test('several mutations make one document, each with its own variable', () => {
  const parts = Object.entries(fields).map(([alias, field]) => ({ alias, field, input: { of: alias } }));

  const { document, variables } = composeMutation('All', parts);

  expect(invalidities(document)).toEqual([]);
  expect(Object.keys(variables)).toEqual(Object.keys(fields));
});

test('a setup read refuses more files than it has aliases for', () => {
  expect(() => composeSetupRead(Array(201).fill('x'))).toThrow('Cannot propose 201 setup files');
});
