import type { RolloutFact } from '../../domain/decide-rollout.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { VERIFY_TIMEOUT_MS } from '../../domain/rollout-limits.ts';
import type { Platform } from '../platform.ts';

/** A real handshake with the public endpoint before anyone is told "running". */
export async function verify(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  const access = rollout.overlay?.config.access ?? rollout.config.access;
  const key = access === 'key' ? await platform.serverSecrets.readAccessKey(rollout.serverId) : undefined;
  const check = await platform.endpoints.verify(rollout.endpointUrl, key, VERIFY_TIMEOUT_MS);
  if (!check.ok) return { kind: 'not-verified', reason: check.reason };
  const { protocolVersion, tools, toolCount } = check;
  return { kind: 'verified', protocolVersion, tools, toolCount };
}
