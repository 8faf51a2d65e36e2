import { setTimeout as sleep } from 'node:timers/promises';
import { CONTESTANTS, type Contestant } from './contestants.ts';
import { describeError } from './describe-error.ts';
import { McpHttpClient, type SessionHeaders } from './mcp-http-client.ts';
import { readDescendants, readMemoryMb } from './process-memory.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { median } from './statistics.ts';

/**
 * Sessions that are left open to see what one weighs. A peer that starts a child for each gets few; where one weighs
 * kilobytes it takes thousands to be seen beside what a JavaScript heap does anyway.
 */
const COMPARED: readonly { contestant: Contestant; warmUp: number; open: number }[] = [
  { contestant: CONTESTANTS.candidate, warmUp: 1_000, open: 4_000 },
  { contestant: CONTESTANTS['mcp-proxy'], warmUp: 20, open: 200 },
  { contestant: CONTESTANTS.supergateway, warmUp: 2, open: 10 },
  { contestant: CONTESTANTS.everything, warmUp: 20, open: 200 },
];

/** For what was started or freed late to be seen in the memory. */
const SETTLE_MS = 1_000;

interface SessionRow {
  contestant: string;
  /** Median of each round. */
  newSessionMs: number[];
  sessionKb: number[];
}

/** Time of one `initialize` after the other, and memory with all those sessions open, children included. */
export async function measureSessions({ settings, progress }: ScenarioContext): Promise<ScenarioReport> {
  const rows: SessionRow[] = COMPARED.map(({ contestant }) => ({
    contestant: contestant.name,
    newSessionMs: [],
    sessionKb: [],
  }));
  const failures: string[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    for (const [index, { contestant, ...counts }] of COMPARED.entries()) {
      progress(`sessions, round ${round} of ${settings.rounds}: ${contestant.name}`);
      const row = rows[index];
      try {
        if (row) await measureOne(contestant, { row, ...counts });
      } catch (error) {
        failures.push(`${contestant.name}, sessions: ${describeError(error)}`);
      }
    }
  }
  const ours = rows[0];
  return {
    title: 'Sessions',
    table: renderTable(
      ['who', 'new session ms', 'memory of one KB'],
      rows.map((row) => [row.contestant, renderNumber(median(row.newSessionMs)), renderNumber(median(row.sessionKb))]),
    ),
    rows,
    checks: [
      { name: 'newSession', value: median(ours?.newSessionMs ?? []) },
      { name: 'sessionMemory', value: median(ours?.sessionKb ?? []) },
    ],
    failures,
  };
}

async function measureOne(
  contestant: Contestant,
  { row, warmUp, open }: { row: SessionRow; warmUp: number; open: number },
): Promise<void> {
  const process = await startContestant(contestant);
  const client = new McpHttpClient(process.url, 1);
  try {
    for (let count = 0; count < warmUp; count++) await client.closeSession(await client.openSession());
    await sleep(SETTLE_MS);
    const beforeMb = readFamilyMb(process.pid);
    const latenciesMs: number[] = [];
    const sessions: SessionHeaders[] = [];
    for (let count = 0; count < open; count++) {
      const startMs = performance.now();
      sessions.push(await client.initialize());
      latenciesMs.push(performance.now() - startMs);
    }
    await sleep(SETTLE_MS);
    row.newSessionMs.push(median(latenciesMs));
    row.sessionKb.push(((readFamilyMb(process.pid) - beforeMb) * 1024) / sessions.length);
  } finally {
    await client.close();
    await process.stop();
  }
}

function readFamilyMb(pid: number): number {
  return [pid, ...readDescendants(pid)].reduce((sum, member) => sum + readMemoryMb(member), 0);
}
