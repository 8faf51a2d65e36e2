import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import { setReplicas } from '../../../src/domain/set-replicas.ts';
import { MINIMAL_OVERLAY } from './overlay-cases.ts';

const written = renderOverlay(MINIMAL_OVERLAY)['kustomization.yaml'] ?? '';

describe('setReplicas', () => {
  test.each([
    ['the file as written', written, written.replace('count: 1', 'count: 0')],
    [
      'comments',
      '# a\nreplicas: # b\n  - count: 12   # c\n    name: x\n# d',
      '# a\nreplicas: # b\n  - count: 0   # c\n    name: x\n# d',
    ],
    ['CRLF', 'replicas:\r\n- name: x\r\n  count: 1\r\n', 'replicas:\r\n- name: x\r\n  count: 0\r\n'],
    ['a byte order mark', '\ufeffreplicas: [{name: x, count: 1}]', '\ufeffreplicas: [{name: x, count: 0}]'],
    ['flow style', '{replicas: [{"count": 1, name: x}]}', '{replicas: [{"count": 0, name: x}]}'],
    ['a document start and end', '---\nreplicas: [{count: 1}]\n...\n', '---\nreplicas: [{count: 0}]\n...\n'],
    [
      'other counts around it',
      'count: 1\nlabels: [{count: 1}]\nreplicas: [{name: count, count: 1}]',
      'count: 1\nlabels: [{count: 1}]\nreplicas: [{name: count, count: 0}]',
    ],
    ['no end of line', 'replicas:\n- count: 1', 'replicas:\n- count: 0'],
  ])('keeps every other byte of %s', (_, text, expected) => {
    expect(setReplicas(text, 0)).toBe(expected);
  });

  test.each([
    ['no replicas', written.slice(0, written.indexOf('replicas:')), 'it has no list under replicas'],
    ['an empty file', '', 'it is not a mapping'],
    ['a list', '- a', 'it is not a mapping'],
    ['broken YAML', 'replicas: [', 'it is not one valid YAML document'],
    ['two documents', `${written}---\n${written}`, 'it is not one valid YAML document'],
    ['replicas twice', 'replicas: [{count: 1}]\nreplicas: [{count: 1}]', 'it has no list under replicas'],
    ['two entries', 'replicas: [{count: 1}, {count: 1}]', 'the list under replicas has 2 entries'],
    ['no entry', 'replicas: []', 'the list under replicas has 0 entries'],
    ['a mapping', 'replicas: {count: 1}', 'it has no list under replicas'],
    ['no count', 'replicas: [{name: x}]', 'its entry under replicas has no count'],
    ['an empty count', 'replicas:\n- count:\n  name: x', 'its entry under replicas has no count'],
    ['two counts', 'replicas: [{count: 1, count: 2}]', 'its entry under replicas has no count'],
    ['an alias', 'a: &a 1\nreplicas: [{count: *a}]', 'its entry under replicas has no count'],
    ['a text', 'replicas: [{count: "1"}]', 'its count is not a plain number'],
    ['an expression', 'replicas: [{count: -1}]', 'its count is not a plain number'],
    ['a huge file', `${written}#${'x'.repeat(300_000)}`, 'it is over 256 KiB'],
  ])('refuses %s', (_, text, state) => {
    expect(() => setReplicas(text, 0)).toThrow(
      expect.objectContaining({
        code: 'overlay-replicas-unclear',
        message: `Cannot set replicas in kustomization.yaml: ${state}, expected one entry under replicas with a count`,
      }),
    );
  });

  test('sets any count, and undoes it', () => {
    fc.assert(
      fc.property(fc.nat(100), (replicas) => {
        const text = setReplicas(written, replicas);
        expect(parse(text).replicas).toEqual([{ name: 'mcp-stripe-k3v9x2', count: replicas }]);
        expect(setReplicas(text, 1)).toBe(written);
      }),
    );
  });

  test('refuses a count that is none', () => {
    expect(() => setReplicas(written, -1)).toThrow('-1 was given');
    expect(() => setReplicas(written, Number.NaN)).toThrow('NaN was given');
  });
});
