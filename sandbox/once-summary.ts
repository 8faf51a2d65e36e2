import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { request } from 'undici';
import type { HostedDirectory } from '../src/cli/host-directory.ts';
import { stageTimes } from '../src/domain/reports/stage-times.ts';
import type { SandboxFile } from './sandbox-file.ts';

/** GitHub API requests of the bot, as the sandbox's GitHub counted them. */
export interface RequestCount {
  reads: number;
  writes: number;
}

export async function forgetRequests({ githubUrl }: SandboxFile): Promise<void> {
  const { body } = await request(`${githubUrl}/_sandbox/requests`, { method: 'DELETE' });
  await body.dump();
}

export async function countRequests({ githubUrl }: SandboxFile): Promise<RequestCount> {
  const { body } = await request(`${githubUrl}/_sandbox/requests`);
  const { reads, writes } = (await body.json()) as RequestCount;
  return { reads, writes };
}

/** What the last line is made of. */
export interface OnceOutcome {
  hosted: HostedDirectory;
  call: { tools: string[]; result: unknown };
  checkConclusion: string;
  githubRequests: RequestCount;
}

/** The last line of `npm start -- --once --json`. */
export async function composeSummary(file: SandboxFile, outcome: OnceOutcome) {
  const { hosted, call, checkConclusion, githubRequests } = outcome;
  const { rollout } = hosted;
  const times = stageTimes({ stage: rollout.stage, stages: [...rollout.stages] }, new Date());
  return {
    serverId: hosted.serverId,
    endpointUrl: hosted.endpointUrl,
    pullRequestUrl: hosted.pullRequestUrl,
    checkConclusion,
    row: await readRow(file, hosted.serverId),
    tools: call.tools,
    toolResult: call.result,
    stagesMs: Object.fromEntries(
      times.filter(({ running }) => !running).map(({ stage, durationMs }) => [stage, durationMs]),
    ),
    githubRequests,
  };
}

/** The last report reaches GitHub just after the row says `running`. */
const REPORT_DEADLINE_MS = 30_000;
const REPORT_POLL_MS = 50;

/** Waits for the final status on GitHub. @throws Error when it does not come. */
export async function awaitCheckConclusion(file: SandboxFile, hosted: HostedDirectory): Promise<string> {
  for (let waitedMs = 0; waitedMs < REPORT_DEADLINE_MS; waitedMs += REPORT_POLL_MS) {
    const conclusion = await readCheckConclusion(file, hosted);
    if (conclusion) return conclusion;
    await delay(REPORT_POLL_MS);
  }
  throw new Error(
    `Cannot see the final status of ${hosted.serverId}: its check run is not completed, expected a conclusion`,
  );
}

async function readCheckConclusion(
  { githubUrl, userToken }: SandboxFile,
  { repository, rollout }: HostedDirectory,
): Promise<string | null> {
  const { owner, name } = repository;
  const { body } = await request(
    `${githubUrl}/repos/${owner}/${name}/commits/${rollout.source.commitSha}/check-runs?check_name=${encodeURIComponent('mcp-hosting / deploy')}`,
    {
      headers: { authorization: `Bearer ${userToken}` },
    },
  );
  const { check_runs: runs } = (await body.json()) as {
    check_runs: { external_id: string; conclusion: string | null }[];
  };
  return runs.find(({ external_id: id }) => id === rollout.id)?.conclusion ?? null;
}

async function readRow({ databaseUrl }: SandboxFile, serverId: string): Promise<Record<string, unknown> | null> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT * FROM hosted_servers WHERE server_id = $1', [serverId]);
    return rows[0] ?? null;
  } finally {
    await client.end();
  }
}
