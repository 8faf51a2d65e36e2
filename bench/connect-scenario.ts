import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from './describe-error.ts';
import { McpHttpClient } from './mcp-http-client.ts';
import { readMemoryMb } from './process-memory.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';
import { median, medianRatio } from './statistics.ts';
import { StdioProxy } from './stdio-proxy.ts';

const CONNECT_BIN = join(import.meta.dirname, '../connect/bin/mcp-connect.js');
const PLAIN_SERVER = join(import.meta.dirname, 'plain-mcp-server.ts');
const MCP_REMOTE = join(import.meta.dirname, 'node_modules/mcp-remote/dist/proxy.js');

/** Starts in each round; the first fills caches that a user's second start has too. */
const STARTS_PER_ROUND = 3;
const CONCURRENCIES = [1, 16] as const;

/** Behind both. With the wrapper there, even a proxy that costs nothing would make only 3.5 times mcp-remote's calls. */
const REMOTE = {
  name: 'plain server',
  command: (port: number) => [process.execPath, PLAIN_SERVER, String(port)],
} as const;

type ProxyName = 'mcp-connect' | 'mcp-remote';

const COMMANDS: Record<ProxyName, (url: string) => readonly string[]> = {
  'mcp-connect': (url) => [process.execPath, CONNECT_BIN, url],
  'mcp-remote': (url) => [process.execPath, MCP_REMOTE, url, '--allow-http', '--transport', 'http-only'],
};

interface ProxyRow {
  name: ProxyName;
  startMs: number[];
  /** Calls a second at each concurrency. */
  rates: Record<number, number[]>;
  aloneP50Ms: number[];
  memoryMb: number[];
}

/** Both local proxies in turn, in front of the same server, beside the same calls without a proxy. */
export async function measureConnect({ settings, progress }: ScenarioContext): Promise<ScenarioReport> {
  const rows = (Object.keys(COMMANDS) as ProxyName[]).map(
    (name): ProxyRow => ({ name, startMs: [], rates: { 1: [], 16: [] }, aloneP50Ms: [], memoryMb: [] }),
  );
  const directP50Ms: number[] = [];
  const failures: string[] = [];
  const home = await mkdtemp(join(tmpdir(), 'mcp-bench-'));
  const remote = await startContestant(REMOTE);
  try {
    for (let round = 1; round <= settings.rounds; round++) {
      directP50Ms.push(await measureDirect(remote.url, settings.seconds));
      for (const row of rows) {
        progress(`connect, round ${round} of ${settings.rounds}: ${row.name}`);
        try {
          await measureProxy(row, { url: remote.url, home, seconds: settings.seconds });
        } catch (error) {
          failures.push(`${row.name}: ${describeError(error)}`);
        }
      }
    }
  } finally {
    await remote.stop();
    await rm(home, { recursive: true, force: true });
  }
  const [ours, theirs] = rows;
  const added = (ours?.aloneP50Ms ?? []).map((value, round) => value - (directP50Ms[round] ?? Number.NaN));
  return {
    title: 'Connect',
    table: renderTable(
      ['who', 'first tools/list ms', 'calls/s at 1', 'calls/s at 16', 'p50 ms at 1', 'memory MB'],
      [
        ['without a proxy', '', '', '', renderNumber(median(directP50Ms)), ''],
        ...rows.map((row) => [
          row.name,
          ...[row.startMs, row.rates[1] ?? [], row.rates[16] ?? [], row.aloneP50Ms, row.memoryMb].map((values) =>
            renderNumber(median(values)),
          ),
        ]),
      ],
    ),
    rows: [{ name: 'direct', aloneP50Ms: directP50Ms }, ...rows],
    checks: [
      { name: 'connectStart', value: medianRatio(ours?.startMs ?? [], theirs?.startMs ?? []) },
      { name: 'connectCallsAlone', value: medianRatio(ours?.rates[1] ?? [], theirs?.rates[1] ?? []) },
      { name: 'connectCallsMany', value: medianRatio(ours?.rates[16] ?? [], theirs?.rates[16] ?? []) },
      { name: 'connectLatency', value: median(added) },
      { name: 'connectMemory', value: median(ours?.memoryMb ?? []) },
    ],
    failures,
  };
}

async function measureProxy(
  row: ProxyRow,
  { url, home, seconds }: { url: string; home: string; seconds: number },
): Promise<void> {
  const env = { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home };
  const starts: number[] = [];
  for (let start = 0; start < STARTS_PER_ROUND; start++) {
    const proxy = new StdioProxy(COMMANDS[row.name](url), env);
    starts.push(await proxy.open().finally(() => proxy.close()));
  }
  row.startMs.push(median(starts));
  const proxy = new StdioProxy(COMMANDS[row.name](url), env);
  try {
    await proxy.open();
    for (const concurrency of CONCURRENCIES) {
      const latenciesMs = await call(() => proxy.callEcho(), { concurrency, seconds });
      row.rates[concurrency]?.push(latenciesMs.length / seconds);
      if (concurrency === 1) row.aloneP50Ms.push(median(latenciesMs));
    }
    row.memoryMb.push(readMemoryMb(proxy.pid));
  } finally {
    await proxy.close();
  }
}

async function measureDirect(url: string, seconds: number): Promise<number> {
  const client = new McpHttpClient(url, 1);
  try {
    const session = await client.openSession();
    return median(await call(() => client.callEcho('hi', { era: 'legacy', session }), { concurrency: 1, seconds }));
  } finally {
    await client.close();
  }
}

/** @returns the time of each call, in ms */
async function call(
  once: () => Promise<void>,
  { concurrency, seconds }: { concurrency: number; seconds: number },
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  const callAgain = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      await once();
      latenciesMs.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, callAgain));
  return latenciesMs;
}
