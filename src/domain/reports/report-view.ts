import type { HostedServer } from '../hosted-server.ts';
import type { Rollout } from '../rollout.ts';

/** All that the comment, the check run and the GitHub deployment are rendered from. The same view gives the same bytes. */
export interface ReportView {
  rollout: Rollout;
  /** The row as it is saved together with the rollout. */
  server: Pick<HostedServer, 'tools' | 'status'>;
  now: Date;
  /** `https://github.com`, or the enterprise server's address; without a slash at its end. */
  githubWebUrl: string;
}
