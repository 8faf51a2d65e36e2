import { probeWildcard } from '../adapters/network/probe-wildcard.ts';
import { diagnoseWildcard } from '../domain/doctor/diagnose-wildcard.ts';
import type { DoctorPlace } from './doctor-place.ts';
import type { DoctorCheck } from './run-checks.ts';

/** A name that no server has: server ids end in six characters, and this one in seven. */
const PROBE_NAME = 'mcp-hosting-doctor-0000000';

export function endpointChecks({ config, now, timeoutMs }: DoctorPlace): DoctorCheck[] {
  return [
    {
      name: 'wildcard',
      title: 'Wildcard name and certificate',
      async run() {
        const {
          protocol,
          hostname: host,
          port,
        } = new URL(config.endpointUrlTemplate.replaceAll('{server-id}', PROBE_NAME));
        const tls = protocol === 'https:';
        const probe = await probeWildcard({
          host,
          port: Number(port) || (tls ? 443 : 80),
          tls,
          timeoutMs: timeoutMs / 2,
        });
        return diagnoseWildcard(probe, { now: now(), route: config.route });
      },
    },
  ];
}
