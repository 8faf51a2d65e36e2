import { candidateCommand } from './contestants.ts';
import { describeError } from './describe-error.ts';
import { McpHttpClient, type SessionHeaders } from './mcp-http-client.ts';
import { growthOverLastHalf, type MemorySample } from './memory-growth.ts';
import { readMemoryMb } from './process-memory.ts';
import { renderNumber, renderTable } from './render-table.ts';
import { startContestant } from './running-contestant.ts';
import type { ScenarioContext, ScenarioReport } from './scenario.ts';

const CONCURRENCY = 64;
const SAMPLES = 200;

/**
 * Abandoned sessions end after this time. With the default of half an hour none would end within the soak, and memory
 * would grow by what open sessions weigh, which is measured elsewhere.
 */
const SESSION_IDLE_MS = 2_000;

/** Every so many of the abandoned sessions had an event stream open when its client died. */
const STREAM_EVERY = 4;

/** Many requests, with sessions among them that are opened, used once and never closed: does memory stay level? */
export async function measureSoak({ settings, progress }: ScenarioContext): Promise<ScenarioReport> {
  const samples: MemorySample[] = [];
  const failures: string[] = [];
  try {
    await soak({ settings, progress, samples });
  } catch (error) {
    failures.push(`candidate, soak: ${describeError(error)}`);
  }
  const growth = failures.length === 0 ? growthOverLastHalf(samples) : Number.NaN;
  return {
    title: 'Soak',
    table: renderSamples(samples),
    rows: samples,
    checks: [{ name: 'soakGrowth', value: growth }],
    failures,
  };
}

async function soak({
  settings,
  progress,
  samples,
}: Pick<ScenarioContext, 'settings' | 'progress'> & { samples: MemorySample[] }): Promise<void> {
  const { soakRequests, soakSessions } = settings;
  const idle = ['--session-idle-ms', String(SESSION_IDLE_MS)];
  const process = await startContestant({ name: 'candidate', command: (port) => candidateCommand(port, idle) });
  const client = new McpHttpClient(process.url, CONCURRENCY);
  let sent = 0;
  let abandoned = 0;
  try {
    const caller = async (): Promise<void> => {
      const session = await client.openSession();
      while (sent < soakRequests) {
        sent += 1;
        if (sent % Math.ceil(soakRequests / SAMPLES) === 0) {
          samples.push({ requests: sent, memoryMb: readMemoryMb(process.pid) });
          if (samples.length % (SAMPLES / 10) === 0) progress(`soak: ${sent} of ${soakRequests} requests`);
        }
        await client.callEcho('hi', { era: 'legacy', session });
        if (abandoned >= (sent / soakRequests) * soakSessions) continue;
        abandoned += 1;
        await abandonSession(client, { hasStream: abandoned % STREAM_EVERY === 0 });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, caller));
  } finally {
    await client.close();
    await process.stop();
  }
}

async function abandonSession(client: McpHttpClient, { hasStream }: { hasStream: boolean }): Promise<void> {
  const session: SessionHeaders = await client.openSession();
  await client.callEcho('hi', { era: 'legacy', session });
  if (hasStream) await client.abandonStream(session);
}

/** Ten lines are enough to see whether it grows. */
function renderSamples(samples: readonly MemorySample[]): string {
  const step = Math.max(1, Math.floor(samples.length / 10));
  const shown = samples.filter((_, index) => (index + 1) % step === 0);
  const rows = shown.map(({ requests, memoryMb }) => [requests.toLocaleString('en-US'), renderNumber(memoryMb)]);
  return renderTable(['after requests', 'memory MB'], rows);
}
