/** A thread of its own: printing and reading 5 MB must not hold up the small calls of the generator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from './describe-error.ts';
import { McpHttpClient } from './mcp-http-client.ts';

const MESSAGE_BYTES = 5_000_000;
const PAUSE_MS = 100;

const client = new McpHttpClient((workerData as { url: string }).url, 1);
const message = 'x'.repeat(MESSAGE_BYTES);
const latenciesMs: number[] = [];
let isStopped = false;
parentPort?.once('message', () => {
  isStopped = true;
});

let failure: string | undefined;
try {
  const session = await client.openSession();
  while (!isStopped) {
    const startMs = performance.now();
    await client.callEcho(message, { era: 'legacy', session });
    latenciesMs.push(performance.now() - startMs);
    await sleep(PAUSE_MS);
  }
} catch (error) {
  failure = describeError(error);
}
await client.close();
parentPort?.postMessage({ latenciesMs, error: failure });
