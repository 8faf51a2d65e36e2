import { describe, expect, test } from '@jest/globals';
import { compareLoad, type LoadRow } from '../../../bench/compare-load.ts';

describe('compareLoad', () => {
  test('compares each era with the peer in the same era', () => {
    const rows = [
      row({ contestant: 'candidate', era: 'legacy', callsPerSecond: [9000, 3000] }),
      row({ contestant: 'candidate', era: 'modern', callsPerSecond: [8000, 4000] }),
      row({ contestant: 'mcp-proxy', era: 'legacy', callsPerSecond: [3000, 1000] }),
      row({ contestant: 'mcp-proxy', era: 'modern', callsPerSecond: [4000, 2000] }),
    ];

    const checks = compareLoad(rows);

    expect(checks).toContainEqual({ name: 'callsToMcpProxyLegacy', value: 3 });
    expect(checks).toContainEqual({ name: 'callsToMcpProxyModern', value: 2 });
  });

  test('leaves out what was promised of another concurrency', () => {
    const names = compareLoad([row({ contestant: 'candidate', era: 'legacy', callsPerSecond: [1] })]).map(
      ({ name }) => name,
    );

    expect(names).toContain('callsToFloorLegacy');
    expect(names).not.toContain('aloneToFloorLegacy');
  });

  test('has no number for an era that was not served', () => {
    const rows = [
      row({ contestant: 'candidate', era: 'modern', callsPerSecond: [0], count: 0 }),
      row({ contestant: 'floor-bridge', era: 'legacy', callsPerSecond: [10_000] }),
    ];

    expect(compareLoad(rows)).toContainEqual({ name: 'callsToFloorModern', value: Number.NaN });
  });
});

function row({
  contestant,
  era,
  callsPerSecond,
  count = 100,
}: Pick<LoadRow, 'contestant' | 'era'> & { callsPerSecond: number[]; count?: number }): LoadRow {
  const rounds = callsPerSecond.map((calls) => ({
    callsPerSecond: calls,
    count,
    p50Ms: 1,
    p99Ms: 2,
    maxMs: 3,
    errors: 0,
    firstError: undefined,
  }));
  return { contestant, era, concurrency: 64, rounds, memoryMb: [] };
}
