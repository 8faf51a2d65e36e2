import { setTimeout as delay } from 'node:timers/promises';

/** Far longer than anything takes: reaching it is a failure, however slow the machine. */
const waitMsMax = 90_000;

/** Asks until `read` gives something else than undefined or false, without throwing. */
export async function eventually<T>(read: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    let problem: unknown = 'it stayed undefined or false';
    try {
      const value = await read();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) throw new Error('Cannot wait any longer', { cause: problem });
    await delay(50);
  }
}
