import type { Server, Socket } from 'node:net';
import { UNREAD_BYTES_MAX, UNREAD_CHECK_MS } from '../limits.ts';

/**
 * Each stream and each answer has its bound, but many of them at once would still fill the memory. While more waits in all
 * than may, the connections that fell behind first are cut: those that read go on, however large their answer is.
 * @param onCut told how many were cut, and the bytes that waited
 */
export function cutSlowReaders(
  server: Server,
  onCut: (cut: { connections: number; unreadBytes: number }) => void,
): void {
  const open = new Set<Socket>();
  /** In the order in which they fell behind. */
  const behind = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      behind.delete(socket);
    });
  });
  const check = (): void => {
    let unreadBytes = 0;
    for (const socket of open) {
      if (!socket.writableNeedDrain) behind.delete(socket);
      else {
        behind.add(socket);
        unreadBytes += socket.writableLength;
      }
    }
    if (unreadBytes <= UNREAD_BYTES_MAX) return;
    let left = unreadBytes;
    let connections = 0;
    for (const socket of behind) {
      if (left <= UNREAD_BYTES_MAX) break;
      left -= socket.writableLength;
      connections += 1;
      socket.destroy();
    }
    onCut({ connections, unreadBytes });
  };
  const timer = setInterval(check, UNREAD_CHECK_MS);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}
