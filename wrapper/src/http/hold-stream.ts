import type { ServerResponse } from 'node:http';
import type { PrincipalQuota } from '../door/principal-quota.ts';
import { unavailable } from './unavailable.ts';

/**
 * A stream counts as its principal's until the answer is over.
 * @throws Refusal 503
 */
export function holdStream(streams: PrincipalQuota, { id, res }: { id: string; res: ServerResponse }): void {
  if (!streams.tryTake(id)) throw unavailable('stream-limit', 'All streams of this key are in use');
  res.once('close', () => streams.release(id));
}
