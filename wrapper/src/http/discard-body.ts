import { DISCARD_BYTES_MAX, DISCARD_MS_MAX } from '../limits.ts';
import type { HttpRequest } from './http-exchange.ts';
import { PlainRequest } from './plain-request.ts';

/**
 * Reads what the client is still sending, to throw it away: some clients lose an answer that comes before they are done.
 * Resolves at once for what is too large for that, and after a moment for what is sent slowly.
 */
export async function discardBody(req: HttpRequest): Promise<void> {
  if (req instanceof PlainRequest) return;
  if (req.complete || req.destroyed || Number(req.headers['content-length'] ?? 0) > DISCARD_BYTES_MAX) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DISCARD_MS_MAX);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    req.once('end', done);
    req.once('close', done);
    req.resume();
  });
}
