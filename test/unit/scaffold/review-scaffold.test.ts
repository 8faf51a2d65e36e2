import { expect, test } from '@jest/globals';
import { touchedPaths } from '../../../src/domain/review/touched-paths.ts';
import { inputOf, told } from '../review/review-fixtures.ts';
import { renderCase, SCAFFOLD_CASES } from './scaffold-cases.ts';

test.each(Object.entries(SCAFFOLD_CASES))(
  'the check of pull requests has nothing against a first scaffold: %s',
  (_name, given) => {
    const files = renderCase(given);
    const changedPaths = Object.keys(files);
    const head = Object.entries(files)
      .filter(([path]) => path.startsWith('base/'))
      .map(([path, text]) => ({ name: path.slice('base/'.length), kind: 'text' as const, text }));

    const problems = told({
      ...inputOf({ head: [] }),
      servers: new Map(),
      touched: touchedPaths({ all: changedPaths, removed: [] }),
      changedPaths,
      base: { base: [], head },
      policy: { base: null, head: files['mcp-hosting.yml'] ?? null },
    });

    expect(head.length).toBeGreaterThan(4);
    expect(problems).toEqual([]);
  },
);
