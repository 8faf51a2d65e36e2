/**
 * The first process of a container ignores signals that it does not handle, and the modules of the bot take seconds to
 * load: it can be told to go before them. Once there is something to finish, the bot handles signals itself.
 */
const leave = (): never => process.exit();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, leave);

const { startBot } = await import('./bot.ts');
await startBot({
  onSignal: (stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, leave).once(signal, stop);
  },
});
