import { setTimeout as sleep } from 'node:timers/promises';
import { compareLoad, type LoadRow } from './compare-load.ts';
import { CONTESTANTS, type Contestant } from './contestants.ts';
import { describeError } from './describe-error.ts';
import { generateLoad } from './generate-load.ts';
import { readMemoryMb } from './process-memory.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { median } from './statistics.ts';

/** Pause before an idle process is looked at and before load begins: what is started late is not idle yet. */
const SETTLE_MS = 1_000;

/** Calls of a small tool: everybody in turn, and that again in each round, so that a slow minute hits all alike. */
export async function measureWrapper(context: ScenarioContext): Promise<ScenarioReport> {
  const { rounds } = context.settings;
  const rows: LoadRow[] = [];
  const idleMb: number[] = [];
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of Object.values<Contestant>(CONTESTANTS)) {
      context.progress(`wrapper, round ${round} of ${rounds}: ${contestant.name}`);
      try {
        const idle = await measureContestant(contestant, { context, rows });
        if (contestant.name === 'candidate') idleMb.push(idle);
      } catch (error) {
        failures.push(describeError(error));
      }
    }
  }
  return {
    title: 'Calls',
    table: renderRows(rows),
    rows,
    checks: [...compareLoad(rows), { name: 'idleMemory', value: median(idleMb) }],
    failures: [...failures, ...rows.flatMap(describeFailure)],
  };
}

/** @returns its memory in MB before the first call */
async function measureContestant(
  contestant: Contestant,
  { context, rows }: { context: ScenarioContext; rows: LoadRow[] },
): Promise<number> {
  const { concurrencies, seconds } = context.settings;
  const process = await startContestant(contestant);
  try {
    await sleep(SETTLE_MS);
    const idleMb = readMemoryMb(process.pid);
    for (const era of contestant.eras) {
      for (const concurrency of concurrencies) {
        const result = await generateLoad({ ...contestant, url: process.url, era, concurrency, seconds });
        const row = findRow(rows, { contestant: contestant.name, era, concurrency });
        row.rounds.push(result);
        row.memoryMb.push(readMemoryMb(process.pid));
      }
    }
    return idleMb;
  } finally {
    await process.stop();
  }
}

function findRow(rows: LoadRow[], key: Pick<LoadRow, 'contestant' | 'era' | 'concurrency'>): LoadRow {
  const found = rows.find(
    (row) => row.contestant === key.contestant && row.era === key.era && row.concurrency === key.concurrency,
  );
  if (found) return found;
  const row = { ...key, rounds: [], memoryMb: [] };
  rows.push(row);
  return row;
}

function renderRows(rows: readonly LoadRow[]): string {
  const header = ['who', 'era', 'calls at once', 'calls/s', 'p50 ms', 'p99 ms', 'errors', 'memory MB'];
  const cells = rows.map((row) => [
    row.contestant,
    row.era,
    String(row.concurrency),
    renderNumber(median(row.rounds.map((round) => round.callsPerSecond))),
    renderNumber(median(row.rounds.map((round) => round.p50Ms))),
    renderNumber(median(row.rounds.map((round) => round.p99Ms))),
    renderNumber(row.rounds.reduce((sum, round) => sum + round.errors, 0)),
    renderNumber(median(row.memoryMb)),
  ]);
  return renderTable(header, cells);
}

/** A peer's errors are its own affair as long as calls were measured; ours never are. */
function describeFailure({ contestant, era, concurrency, rounds }: LoadRow): string[] {
  const failed = rounds.find((round) => round.errors > 0 && (round.count === 0 || contestant === 'candidate'));
  if (!failed) return [];
  const what = failed.count === 0 ? 'not served' : `${failed.errors} errors`;
  return [`${contestant}, ${era}, ${concurrency} at once: ${what}: ${failed.firstError}`];
}
