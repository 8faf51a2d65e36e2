import { type AppInspection, createAppInspection } from '../adapters/github/app-inspection.ts';
import { createGitHubClient } from '../adapters/github/github-client.ts';
import type { OverlayPolicy } from '../domain/deployments-policy.ts';
import { diagnosePolicy } from '../domain/doctor/diagnose-repository.ts';
import { type DoctorPlace, SILENT_LOG } from './doctor-place.ts';

/** What several checks ask of the deployments repository; read once. */
export interface DoctorPolicy {
  inspection: AppInspection;
  /** The App's, on the deployments repository. */
  installation(): ReturnType<AppInspection['installation']>;
  /** Text of `mcp-hosting.yml`; undefined where there is none. */
  text(): Promise<string | undefined>;
  /** The defaults where it cannot be read: its own check tells. */
  policy(): Promise<OverlayPolicy>;
}

export function readPolicy({ config }: DoctorPlace): DoctorPolicy {
  const { appId, privateKey, githubApiUrl: apiUrl, githubRequestTimeoutMs: requestTimeoutMs } = config;
  const client = createGitHubClient({ appId, privateKey, apiUrl, requestTimeoutMs, log: SILENT_LOG });
  const inspection = createAppInspection(client);
  const repository = config.deploymentsRepository;
  const installation = once(() => inspection.installation(repository));
  const text = once(async () => {
    const { id } = await installation();
    return (await inspection.files(id, repository, ['mcp-hosting.yml']))?.['mcp-hosting.yml'];
  });
  return {
    inspection,
    installation,
    text,
    async policy() {
      const { parsed } = diagnosePolicy(await text().catch(() => undefined));
      return parsed.ok ? parsed.policy : {};
    },
  };
}

function once<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let kept: Promise<Result> | undefined;
  return () => {
    kept ??= read();
    return kept;
  };
}
