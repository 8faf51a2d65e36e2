import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** A loader that comes as far as the bot's modules, says so, and stays there. */
const LOADER = dataUrl(`
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    if (!url.endsWith('/src/bot.ts')) return next(url, context);
    writeSync(1, 'loading');
    return new Promise(() => {});
  }`);
const STALLED = dataUrl(`
  import { register } from 'node:module';
  register(${JSON.stringify(LOADER)});
  setInterval(() => {}, 60_000);`);

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'the bot heeds %s while its modules load, as it must as the first process of a container',
  async (signal) => {
    const bot = spawn(process.execPath, ['--import', STALLED, MAIN], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(bot, 'exit');
    await once(bot.stdout, 'data');

    bot.kill(signal);

    // By its own handler: the default action, which the first process does not have, would end it by the signal.
    expect(await ended).toEqual([0, null]);
  },
);
