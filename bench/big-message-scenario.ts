import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CONTESTANTS, type Contestant } from './contestants.ts';
import { describeError } from './describe-error.ts';
import { generateLoad, type LoadResult } from './generate-load.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { median } from './statistics.ts';

const CONCURRENCY = 16;
const SENDER = join(import.meta.dirname, 'big-message-sender.ts');
const COMPARED: readonly Contestant[] = [CONTESTANTS.candidate, CONTESTANTS['floor-bridge']];

interface BigMessageRow {
  contestant: string;
  quiet: LoadResult[];
  beside: LoadResult[];
  bigMs: number[];
}

/**
 * What small calls notice of messages of 5 MB that go both ways beside them. The server behind both needs its time for
 * such a message too, and all wait for it meanwhile; the floor shows how much that is.
 */
export async function measureBigMessages({ settings, progress }: ScenarioContext): Promise<ScenarioReport> {
  const rows: BigMessageRow[] = COMPARED.map(({ name }) => ({ contestant: name, quiet: [], beside: [], bigMs: [] }));
  const failures: string[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    for (const [index, contestant] of COMPARED.entries()) {
      progress(`big messages, round ${round} of ${settings.rounds}: ${contestant.name}`);
      const row = rows[index];
      try {
        if (row) await measureOne(contestant, { row, seconds: settings.seconds });
      } catch (error) {
        failures.push(`${contestant.name}, big messages: ${describeError(error)}`);
      }
    }
  }
  return { title: 'Messages of 5 MB both ways', table: renderRows(rows), rows, checks: [], failures };
}

async function measureOne(
  contestant: Contestant,
  { row, seconds }: { row: BigMessageRow; seconds: number },
): Promise<void> {
  const process = await startContestant(contestant);
  try {
    const load = { ...contestant, url: process.url, era: 'legacy', concurrency: CONCURRENCY, seconds } as const;
    row.quiet.push(await generateLoad(load));
    const sender = new Worker(SENDER, { workerData: { url: process.url } });
    const sent = once(sender, 'message');
    row.beside.push(await generateLoad(load));
    sender.postMessage('stop');
    const [{ latenciesMs, error }] = (await sent) as [{ latenciesMs: number[]; error: string | undefined }];
    row.bigMs.push(...latenciesMs);
    if (error !== undefined) throw new Error(error);
  } finally {
    await process.stop();
  }
}

function renderRows(rows: readonly BigMessageRow[]): string {
  const header = ['who', 'calls/s without', 'with', 'p99 ms without', 'with', 'one of 5 MB ms'];
  const cells = rows.map(({ contestant, quiet, beside, bigMs }) => [
    contestant,
    renderNumber(median(quiet.map((round) => round.callsPerSecond))),
    renderNumber(median(beside.map((round) => round.callsPerSecond))),
    renderNumber(median(quiet.map((round) => round.p99Ms))),
    renderNumber(median(beside.map((round) => round.p99Ms))),
    renderNumber(median(bigMs)),
  ]);
  return renderTable(header, cells);
}
