import { setTimeout as delay } from 'node:timers/promises';
import type { PreStop } from './pod.ts';
import { runProbe } from './run-probe.ts';

/**
 * Runs a preStop hook within the grace period: `sleep`, `httpGet`, and of `exec` only `sleep <seconds>`, which is what
 * drains are written as. Its failure changes nothing, as in the kubelet.
 */
export async function runPreStop(
  hook: PreStop,
  options: { port: number | undefined; timeoutMs: number },
): Promise<void> {
  const { port, timeoutMs } = options;
  if (hook.httpGet !== undefined && port !== undefined) {
    await runProbe({ httpGet: hook.httpGet, timeoutSeconds: timeoutMs / 1000 }, port);
    return;
  }
  const seconds = hook.sleep?.seconds ?? sleepSecondsOf(hook.exec?.command ?? []);
  await delay(Math.min(seconds * 1000, timeoutMs));
}

function sleepSecondsOf(command: string[]): number {
  const match = /(?:^|[\s/])sleep (\d{1,4})\s*$/.exec(command.join(' '));
  return match === null ? 0 : Number(match[1]);
}
