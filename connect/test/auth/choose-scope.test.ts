import { describe, expect, test } from '@jest/globals';
import { chooseScope, coversScope } from '../../src/auth/choose-scope.ts';

const nothing = {
  challenged: undefined,
  resourceScopes: undefined,
  requestedBefore: undefined,
  serverScopes: undefined,
};

describe('chooseScope', () => {
  test.each([
    ['nothing when nobody names any', nothing, undefined],
    ['the challenge before what is published', { ...nothing, challenged: 'a', resourceScopes: ['b'] }, 'a'],
    ['all that is published when the challenge names none', { ...nothing, resourceScopes: ['b', 'c'] }, 'b c'],
    ['what was asked for before as well', { ...nothing, challenged: 'b', requestedBefore: 'a b' }, 'a b'],
    [
      'offline_access where it is known',
      { ...nothing, challenged: 'a', serverScopes: ['offline_access'] },
      'a offline_access',
    ],
    ['no offline_access alone', { ...nothing, serverScopes: ['offline_access'] }, undefined],
    [
      'no offline_access where it is not known',
      { ...nothing, challenged: 'a offline_access', serverScopes: ['a'] },
      'a',
    ],
  ])('takes %s', (_name, options, expected) => {
    expect(chooseScope(options)).toBe(expected);
  });
});

describe('coversScope', () => {
  test('is about what was asked for', () => {
    expect(coversScope('a b', 'b')).toBe(true);
    expect(coversScope('a', 'a b')).toBe(false);
    expect(coversScope(undefined, undefined)).toBe(true);
  });
});
