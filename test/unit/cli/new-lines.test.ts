import { expect, test } from '@jest/globals';
import { newLines } from '../../../src/cli/new-lines.ts';

test.each([
  [[], ['a'], ['a']],
  [['a'], ['a'], []],
  [['a', 'b'], ['a', 'b', 'c'], ['c']],
  [['a', 'b', 'c'], ['b', 'c', 'd'], ['d']],
  [
    ['a', 'b'],
    ['x', 'y'],
    ['x', 'y'],
  ],
  [['a', 'a'], ['a', 'a', 'a'], ['a']],
  [['a', 'b'], [], []],
])('newLines: after %j, %j has %j', (seen, now, expected) => {
  expect(newLines(seen, now)).toEqual(expected);
});
