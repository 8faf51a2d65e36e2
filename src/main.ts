import { setImmediate } from 'node:timers/promises';

/**
 * The first process of a container ignores signals that it does not handle, and loading the modules of the bot takes
 * seconds: it can be told to go before them. Once there is something to finish, the bot handles signals itself.
 */
const leave = (): never => process.exit();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave);

const { startBot } = await import('./bot.ts');
// Modules load without a break: what was told meanwhile is heard here, before anything is started.
await setImmediate();
await startBot({
  onSignal: (stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, leave).once(signal, stop);
  },
});
