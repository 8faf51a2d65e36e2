import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CHILD_COMMAND, CONTESTANTS, type Contestant } from './contestants.ts';
import { describeError } from './describe-error.ts';
import { McpHttpClient } from './mcp-http-client.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { median } from './statistics.ts';

/** Starts in each round; one takes less than a second, and they vary. */
const STARTS_PER_ROUND = 3;

const STARTED: readonly Contestant[] = [CONTESTANTS.candidate, CONTESTANTS['mcp-proxy'], CONTESTANTS.supergateway];

/**
 * From the start of the process to its first answer to `initialize`, beside what the child took by itself just before:
 * as with calls, the machine's speed differs more between minutes than within one.
 */
export async function measureReady({ settings, progress }: ScenarioContext): Promise<ScenarioReport> {
  const childMs: number[] = [];
  const rows = STARTED.map(({ name }) => ({ name, readyMs: [] as number[], aboveChildMs: [] as number[] }));
  const failures: string[] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    progress(`ready, round ${round} of ${settings.rounds}`);
    for (let start = 0; start < STARTS_PER_ROUND; start++) {
      const ownMs = await measureChildStart();
      childMs.push(ownMs);
      for (const [index, contestant] of STARTED.entries()) {
        try {
          const readyMs = await measureStart(contestant);
          rows[index]?.readyMs.push(readyMs);
          rows[index]?.aboveChildMs.push(readyMs - ownMs);
        } catch (error) {
          failures.push(describeError(error));
        }
      }
    }
  }
  const cells = rows.map((row) => [
    row.name,
    renderNumber(median(row.readyMs)),
    renderNumber(median(row.aboveChildMs)),
  ]);
  return {
    title: 'Start',
    table: renderTable(
      ['who', 'ready ms', 'above the child ms'],
      [['the child by itself', renderNumber(median(childMs)), ''], ...cells],
    ),
    rows: [{ name: 'child', readyMs: childMs }, ...rows],
    checks: [{ name: 'readyAfterChild', value: median(rows[0]?.aboveChildMs ?? []) }],
    failures,
  };
}

async function measureStart(contestant: Contestant): Promise<number> {
  const process = await startContestant(contestant);
  const client = new McpHttpClient(process.url, 1);
  try {
    await client.initialize();
    return performance.now() - process.startedAtMs;
  } finally {
    await client.close();
    await process.stop();
  }
}

async function measureChildStart(): Promise<number> {
  const [file = '', ...args] = CHILD_COMMAND;
  const startMs = performance.now();
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  await once(child.stdout, 'data');
  const elapsedMs = performance.now() - startMs;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return elapsedMs;
}
