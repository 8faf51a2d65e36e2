import { setTimeout as sleep } from 'node:timers/promises';
import { type Era, McpHttpClient, type SessionHeaders } from './mcp-http-client.ts';
import { type LatencySummary, summarizeLatencies } from './statistics.ts';

/** Time for the code of both sides to be compiled before anything counts, in ms. */
const WARM_UP_MS = 1_500;

const MESSAGE = 'hi';

/** After an error a caller waits a little, so that a server which refuses everything is not asked in a tight loop. */
const ERROR_PAUSE_MS = 20;

export interface LoadResult extends LatencySummary {
  callsPerSecond: number;
  errors: number;
  firstError: string | undefined;
}

/**
 * As many callers as `concurrency`, each with its next call as soon as the last one is answered. Legacy callers share
 * `sessions` sessions; where a peer starts a child for each, one is what serves it best.
 */
export async function generateLoad(options: {
  url: string;
  era: Era;
  concurrency: number;
  sessions: 'one' | 'each';
  seconds: number;
}): Promise<LoadResult> {
  const client = new McpHttpClient(options.url, options.concurrency);
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  let errors = 0;
  let phase: 'warm-up' | 'measure' | 'done' = 'warm-up';
  const call = async (session: SessionHeaders): Promise<void> => {
    const startMs = performance.now();
    try {
      await client.callEcho(MESSAGE, { era: options.era, session });
      if (phase === 'measure') latenciesMs.push(performance.now() - startMs);
    } catch (error) {
      errors += 1;
      if (failures.length === 0) failures.push(error instanceof Error ? error.message : String(error));
      await sleep(ERROR_PAUSE_MS);
    }
  };
  const sessions = await openSessions(client, options);
  const callers = Array.from({ length: options.concurrency }, async (_, caller) => {
    const session = sessions[caller % sessions.length] ?? {};
    while (phase !== 'done') await call(session);
  });
  await sleep(WARM_UP_MS);
  phase = 'measure';
  const startMs = performance.now();
  await sleep(options.seconds * 1000);
  const elapsedMs = performance.now() - startMs;
  phase = 'done';
  const latency = summarizeLatencies(latenciesMs);
  await Promise.all(callers);
  await client.close();
  return { callsPerSecond: (latency.count / elapsedMs) * 1000, ...latency, errors, firstError: failures[0] };
}

async function openSessions(
  client: McpHttpClient,
  { era, sessions, concurrency }: { era: Era; sessions: 'one' | 'each'; concurrency: number },
): Promise<SessionHeaders[]> {
  if (era === 'modern') return [];
  const opened: SessionHeaders[] = [];
  for (let count = sessions === 'one' ? 1 : concurrency; count > 0; count--) opened.push(await client.openSession());
  return opened;
}
