/**
 * Makes `run(serverId)` collapse within the process: while one runs for a server, a further call only has it run once
 * more afterwards. So a server that is busy never takes more than one worker. What is pending in memory is no loss on a
 * crash, since busy servers are advanced again at the start.
 */
export function collapseRuns(run: (serverId: string) => Promise<void>): (serverId: string) => Promise<void> {
  const running = new Map<string, { again: boolean }>();
  return async (serverId) => {
    const current = running.get(serverId);
    if (current) {
      current.again = true;
      return;
    }
    const own = { again: true };
    running.set(serverId, own);
    try {
      while (own.again) {
        own.again = false;
        await run(serverId);
      }
    } finally {
      running.delete(serverId);
    }
  };
}
