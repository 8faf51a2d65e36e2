import { type AppInspection, createAppInspection } from '../adapters/github/app-inspection.ts';
import { createGitHubClient } from '../adapters/github/github-client.ts';
import type { OverlayPolicy } from '../domain/deployments-policy.ts';
import { diagnosePolicy } from '../domain/doctor/diagnose-repository.ts';
import { type DoctorPlace, SILENT_LOG } from './doctor-place.ts';

/** What several checks ask of the deployments repository; read once. */
export interface DoctorPolicy {
  inspection: AppInspection;
  /** Text of `mcp-hosting.yml`; undefined where there is none. */
  text(): Promise<string | undefined>;
  /** The defaults where it cannot be read: its own check tells. */
  policy(): Promise<OverlayPolicy>;
}

export function readPolicy({ config }: DoctorPlace): DoctorPolicy {
  const { appId, privateKey, githubApiUrl: apiUrl, githubRequestTimeoutMs: requestTimeoutMs } = config;
  const client = createGitHubClient({ appId, privateKey, apiUrl, requestTimeoutMs, log: SILENT_LOG });
  const inspection = createAppInspection(client);
  const read = async () => {
    const { id } = await inspection.installation(config.deploymentsRepository);
    return (await inspection.files(id, config.deploymentsRepository, ['mcp-hosting.yml']))?.['mcp-hosting.yml'];
  };
  let kept: Promise<string | undefined> | undefined;
  const text = () => {
    kept ??= read();
    return kept;
  };
  return {
    inspection,
    text,
    async policy() {
      const found = await text().catch(() => undefined);
      const { parsed } = diagnosePolicy(found);
      return parsed.ok ? parsed.policy : {};
    },
  };
}
