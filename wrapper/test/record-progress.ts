import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/**
 * Progress as it arrives. The client's own `onprogress` drops the last one when it comes in one read with the result:
 * it forgets the handler before it calls it.
 */
export function recordProgress(transport: Transport): number[] {
  const progress: number[] = [];
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if ('method' in message && message.method === 'notifications/progress')
      progress.push(Number(message.params?.progress));
    receive?.(message, extra);
  };
  return progress;
}
