import { describe, expect, test } from '@jest/globals';
import { judge, renderChecks } from '../../../bench/promises.ts';

describe('judge', () => {
  test.each([
    { name: 'callsToMcpProxyLegacy', value: 3, verdict: 'ok' },
    { name: 'callsToMcpProxyLegacy', value: 2.99, verdict: 'MISSED' },
    { name: 'aloneToFloorLegacy', value: 1.25, verdict: 'ok' },
    { name: 'aloneToFloorLegacy', value: 1.26, verdict: 'MISSED' },
    { name: 'soakGrowth', value: -3, verdict: 'ok' },
    { name: 'newSession', value: Number.NaN, verdict: 'not measured' },
  ] as const)('$name at $value is $verdict', ({ name, value, verdict }) => {
    expect(judge({ name, value })).toBe(verdict);
  });
});

describe('renderChecks', () => {
  test('puts what was promised and the verdict beside what was measured', () => {
    const text = renderChecks([
      { name: 'callsToSupergateway', value: 2.154 },
      { name: 'idleMemory', value: 62.49 },
      { name: 'newSession', value: Number.NaN },
    ]);

    expect(text).toBe(
      [
        '| promise                                            | measured | promised | unit |      verdict |',
        '| -------------------------------------------------- | -------: | -------: | ---: | -----------: |',
        '| calls/s at concurrency 64, legacy, to supergateway |     2.15 |      ≥ 3 |    × |       MISSED |',
        '| memory of the idle wrapper                         |     62.5 |    ≤ 100 |   MB |           ok |',
        '| new session, median                                |        – |      ≤ 5 |   ms | not measured |',
      ].join('\n'),
    );
  });
});
