import type { ContestantName } from './contestants.ts';
import type { LoadResult } from './generate-load.ts';
import type { Era } from './mcp-http-client.ts';
import type { Check, PromiseName } from './promises.ts';
import { medianRatio } from './statistics.ts';

/** All rounds of one contestant in one era at one concurrency. */
export interface LoadRow {
  contestant: ContestantName;
  era: Era;
  concurrency: number;
  rounds: LoadResult[];
  memoryMb: number[];
}

interface Comparison {
  promise: PromiseName;
  field: 'callsPerSecond' | 'p50Ms' | 'p99Ms';
  era: Era;
  /** Supergateway and the floor have no modern era; our modern era is compared with their only one. */
  with: { contestant: ContestantName; era: Era };
  concurrency: number;
}

const FLOOR = { contestant: 'floor-bridge', era: 'legacy' } as const;
const SUPERGATEWAY = { contestant: 'supergateway', era: 'legacy' } as const;
const MCP_PROXY_LEGACY = { contestant: 'mcp-proxy', era: 'legacy' } as const;
const MCP_PROXY_MODERN = { contestant: 'mcp-proxy', era: 'modern' } as const;

const COMPARISONS: readonly Comparison[] = [
  ...atConcurrency(64, 'callsPerSecond', [
    { promise: 'callsToMcpProxyLegacy', era: 'legacy', with: MCP_PROXY_LEGACY },
    { promise: 'callsToMcpProxyModern', era: 'modern', with: MCP_PROXY_MODERN },
    { promise: 'callsToSupergateway', era: 'legacy', with: SUPERGATEWAY },
    { promise: 'callsToFloorLegacy', era: 'legacy', with: FLOOR },
    { promise: 'callsToFloorModern', era: 'modern', with: FLOOR },
  ]),
  ...atConcurrency(64, 'p99Ms', [
    { promise: 'p99ToMcpProxyLegacy', era: 'legacy', with: MCP_PROXY_LEGACY },
    { promise: 'p99ToMcpProxyModern', era: 'modern', with: MCP_PROXY_MODERN },
    { promise: 'p99ToSupergateway', era: 'legacy', with: SUPERGATEWAY },
  ]),
  ...atConcurrency(1, 'p50Ms', [
    { promise: 'aloneToFloorLegacy', era: 'legacy', with: FLOOR },
    { promise: 'aloneToFloorModern', era: 'modern', with: FLOOR },
  ]),
];

/** The promises that are ratios of calls. Those about a concurrency that was not asked for are left out. */
export function compareLoad(rows: readonly LoadRow[]): Check[] {
  const concurrencies = new Set(rows.map((row) => row.concurrency));
  return COMPARISONS.filter(({ concurrency }) => concurrencies.has(concurrency)).map((comparison) => {
    const { promise, field, era, concurrency } = comparison;
    const ours = findValues(rows, { contestant: 'candidate', era, concurrency }, field);
    const theirs = findValues(rows, { ...comparison.with, concurrency }, field);
    return { name: promise, value: medianRatio(ours, theirs) };
  });
}

function atConcurrency(
  concurrency: number,
  field: Comparison['field'],
  comparisons: readonly Omit<Comparison, 'concurrency' | 'field'>[],
): Comparison[] {
  return comparisons.map((comparison) => ({ ...comparison, concurrency, field }));
}

function findValues(
  rows: readonly LoadRow[],
  key: Pick<LoadRow, 'contestant' | 'era' | 'concurrency'>,
  field: Comparison['field'],
): number[] {
  const found = rows.find(
    (row) => row.contestant === key.contestant && row.era === key.era && row.concurrency === key.concurrency,
  );
  // A round in which nothing was answered would make an infinite ratio of nothing.
  return found?.rounds.map((round) => (round.count === 0 ? Number.NaN : round[field])) ?? [];
}
