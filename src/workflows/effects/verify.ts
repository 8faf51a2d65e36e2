import type { Rollout } from '../../domain/rollout.ts';
import type { RolloutFact } from '../../domain/rollout-fact.ts';
import { VERIFY_TIMEOUT_MS } from '../../domain/rollout-limits.ts';
import { ensureProbeKey } from '../ensure-probe-key.ts';
import type { Platform } from '../platform.ts';

/** A real handshake with the public endpoint before anyone is told "running". */
export async function verify(platform: Platform, rollout: Rollout): Promise<RolloutFact> {
  const access = rollout.overlay?.config.access ?? rollout.config.access;
  const key = access === 'public' ? undefined : await ensureProbeKey(platform, rollout.serverId);
  const check = await platform.endpoints.verify(rollout.endpointUrl, key, VERIFY_TIMEOUT_MS);
  if (!check.ok) return { kind: 'not-verified', reason: check.reason };
  const { protocolVersion, tools, toolCount } = check;
  return { kind: 'verified', protocolVersion, tools, toolCount };
}
