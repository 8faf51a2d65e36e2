import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Sends the process a signal as soon as it loads the bot's modules. */
function toldWhileLoading(signal: string): string {
  const source = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        if (url.endsWith('/src/bot.ts')) process.kill(process.pid, '${signal}');
        return next(url, context);
      },
    });`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'the bot heeds %s that comes while its modules load, as it must as the first process of a container',
  async (signal) => {
    const bot = spawn(process.execPath, ['--import', toldWhileLoading(signal), MAIN], { env: {}, stdio: 'pipe' });

    const [stderr, exit] = await Promise.all([text(bot.stderr), once(bot, 'exit')]);

    // Not by the signal's default action, which the first process does not have; and not after a start.
    expect({ exit, stderr }).toEqual({ exit: [0, null], stderr: '' });
  },
);
