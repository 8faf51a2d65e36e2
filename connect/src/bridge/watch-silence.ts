import type { WebSocket } from 'ws';

/**
 * Pings a WebSocket, and ends it when nothing has come for `silenceMs`, pongs included: the other side may be gone
 * without a sign, and what waits for it would wait for ever.
 */
export function watchSilence(socket: WebSocket, { pingMs, silenceMs }: { pingMs: number; silenceMs: number }): void {
  let last = Date.now();
  const hear = (): void => {
    last = Date.now();
  };
  for (const event of ['message', 'ping', 'pong']) socket.on(event, hear);
  const timer = setInterval(() => {
    if (Date.now() - last >= silenceMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, pingMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
