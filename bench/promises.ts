import { renderNumber, renderTable } from './render-table.ts';

interface Promised {
  what: string;
  unit: string;
  limit: { min: number } | { max: number };
}

const CALLS = 'calls/s at concurrency 64';
const P99 = 'p99 at concurrency 64';

/**
 * What the wrapper, connect and the bot promise. Speed is promised as a ratio within one interleaved run, since the same configuration has
 * been seen to vary by a factor of two between minutes; memory and the time of a session are promised as such.
 */
const PROMISES = {
  callsToMcpProxyLegacy: { what: `${CALLS}, legacy, to mcp-proxy`, unit: '×', limit: { min: 3 } },
  callsToMcpProxyModern: { what: `${CALLS}, modern, to mcp-proxy`, unit: '×', limit: { min: 3 } },
  callsToSupergateway: { what: `${CALLS}, legacy, to supergateway`, unit: '×', limit: { min: 3 } },
  callsToFloorLegacy: { what: `${CALLS}, legacy, to the floor`, unit: '×', limit: { min: 0.7 } },
  callsToFloorModern: { what: `${CALLS}, modern, to the floor`, unit: '×', limit: { min: 0.7 } },
  p99ToMcpProxyLegacy: { what: `${P99}, legacy, to mcp-proxy`, unit: '×', limit: { max: 1 / 3 } },
  p99ToMcpProxyModern: { what: `${P99}, modern, to mcp-proxy`, unit: '×', limit: { max: 1 / 3 } },
  p99ToSupergateway: { what: `${P99}, legacy, to supergateway`, unit: '×', limit: { max: 1 / 3 } },
  aloneToFloorLegacy: { what: 'p50 at concurrency 1, legacy, to the floor', unit: '×', limit: { max: 1.25 } },
  aloneToFloorModern: { what: 'p50 at concurrency 1, modern, to the floor', unit: '×', limit: { max: 1.25 } },
  idleMemory: { what: 'memory of the idle wrapper', unit: 'MB', limit: { max: 100 } },
  readyAfterChild: { what: 'ready after the child by itself would be', unit: 'ms', limit: { max: 150 } },
  newSession: { what: 'new session, median', unit: 'ms', limit: { max: 5 } },
  sessionMemory: { what: 'memory of an open session', unit: 'KB', limit: { max: 20 } },
  soakGrowth: { what: 'growth over the last half of the soak', unit: '% of memory', limit: { max: 5 } },
  connectStart: { what: 'start to first tools/list, connect to mcp-remote', unit: '×', limit: { max: 1 / 3 } },
  connectCallsAlone: { what: 'calls/s at concurrency 1, connect to mcp-remote', unit: '×', limit: { min: 4 } },
  connectCallsMany: { what: 'calls/s at concurrency 16, connect to mcp-remote', unit: '×', limit: { min: 4 } },
  connectLatency: { what: 'latency that connect adds at concurrency 1, p50', unit: 'ms', limit: { max: 0.5 } },
  connectMemory: { what: 'memory of connect under load', unit: 'MB', limit: { max: 70 } },
  eventToCheckRun: {
    what: 'change of an Application to its check run, p50, among 2,000',
    unit: 'ms',
    limit: { max: 1000 },
  },
  applicationsMemory: { what: 'memory while 2,000 Applications are followed', unit: 'MB', limit: { max: 384 } },
  applicationsGrowth: { what: 'growth while 2,000 Applications are followed', unit: '% of memory', limit: { max: 5 } },
  relistPages: { what: 'requests to list 2,000 Applications anew', unit: '', limit: { max: 4 } },
} as const satisfies Record<string, Promised>;

export type PromiseName = keyof typeof PROMISES;

/** A promise and what was measured of it; NaN when the measurement did not come about. */
export interface Check {
  name: PromiseName;
  value: number;
}

export type Verdict = 'ok' | 'MISSED' | 'not measured';

export function judge({ name, value }: Check): Verdict {
  const { limit } = PROMISES[name];
  if (Number.isNaN(value)) return 'not measured';
  const isKept = 'min' in limit ? value >= limit.min : value <= limit.max;
  return isKept ? 'ok' : 'MISSED';
}

export function renderChecks(checks: readonly Check[]): string {
  const rows = checks.map((check) => {
    const { what, unit, limit } = PROMISES[check.name];
    const promised = 'min' in limit ? `≥ ${renderNumber(limit.min)}` : `≤ ${renderNumber(limit.max)}`;
    return [what, renderNumber(check.value), promised, unit, judge(check)];
  });
  return renderTable(['promise', 'measured', 'promised', 'unit', 'verdict'], rows);
}
