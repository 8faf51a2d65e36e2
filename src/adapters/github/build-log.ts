import { stripVTControlCharacters } from 'node:util';
import { fullName, type RepositoryName } from '../../domain/repository.ts';
import type { Log } from '../../ports/log.ts';
import { boundedText } from './bounded-text.ts';
import type { GitHubClient } from './github-client.ts';
import { readLogTail } from './log-tail.ts';

/** Last lines of a failed job that people see. */
const LOG_LINES = 20;

/** One line of a log (characters). */
const LINE_CHARACTERS_MAX = 500;

/** Jobs of a run that are looked at; the template has one. */
const JOBS_MAX = 10;

/**
 * For a digest whose `repository_dispatch` was lost: GitHub's runner prints the environment of the build's last step,
 * which has it as DIGEST; elsewhere the step may print the sentence.
 */
const DIGEST_LINE = /\b(?:DIGEST:|mcp-hosting digest) (sha256:[0-9a-f]{64})\b/g;

interface LogSource {
  client: GitHubClient;
  log: Log;
}

interface Job {
  id: number;
  conclusion: string | null;
  failedStep: string | undefined;
}

/**
 * `Failed step: <name>` and the last log lines of the first failed job, oldest first. Best effort: empty where GitHub
 * does not give them, since the run's own page has them too.
 */
export async function readFailedJobLog(
  source: LogSource,
  installationId: number,
  repository: RepositoryName,
  runId: number,
): Promise<string[]> {
  return bestEffort(source.log, repository, [], async () => {
    const jobs = await listJobs(source.client, installationId, repository, runId);
    const failed = jobs.find((job) => job.conclusion === 'failure') ?? jobs.find((job) => job.conclusion !== 'success');
    if (!failed) return [];
    const head = failed.failedStep === undefined ? [] : [`Failed step: ${failed.failedStep}`];
    const text = await bestEffort(source.log, repository, '', () =>
      readJobLog(source.client, installationId, repository, failed.id),
    );
    return [...head, ...linesOf(text).slice(-LOG_LINES)];
  });
}

/** The digest that the build printed last; null where it printed none. */
export async function readReportedDigest(
  source: LogSource,
  installationId: number,
  repository: RepositoryName,
  runId: number,
): Promise<string | null> {
  return bestEffort(source.log, repository, null, async () => {
    for (const job of await listJobs(source.client, installationId, repository, runId)) {
      const text = await readJobLog(source.client, installationId, repository, job.id);
      const digest = [...text.matchAll(DIGEST_LINE)].at(-1)?.[1];
      if (digest !== undefined) return digest;
    }
    return null;
  });
}

async function listJobs(
  client: GitHubClient,
  installationId: number,
  { owner, name: repo }: RepositoryName,
  runId: number,
): Promise<Job[]> {
  const action = `list jobs of run ${runId} of "${fullName({ owner, name: repo })}"`;
  const { data } = await client.rest(installationId, action, (octokit) =>
    octokit.actions.listJobsForWorkflowRun({ owner, repo, run_id: runId, per_page: JOBS_MAX }),
  );
  return data.jobs.map((job) => {
    const step = job.steps?.find(({ conclusion }) => conclusion === 'failure');
    return {
      id: job.id,
      conclusion: job.conclusion,
      failedStep: step && boundedText(step.name, LINE_CHARACTERS_MAX),
    };
  });
}

/** GitHub answers with a redirect to a storage address, which gets no token of ours. */
async function readJobLog(
  client: GitHubClient,
  installationId: number,
  { owner, name: repo }: RepositoryName,
  jobId: number,
): Promise<string> {
  const action = `read the log of job ${jobId} of "${fullName({ owner, name: repo })}"`;
  const answer = await client.rest(installationId, action, (octokit) =>
    octokit.request('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', {
      owner,
      repo,
      job_id: jobId,
      request: { redirect: 'manual' },
    }),
  );
  const { location } = answer.headers;
  return location === undefined ? String(answer.data ?? '') : readLogTail(location);
}

/** Without the time stamps that GitHub puts before each line, terminal colours and other control characters. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z ?/, ''))
    .map((line) => stripVTControlCharacters(line).replace(CONTROL_CHARACTER, ''))
    .filter((line) => line.trim() !== '')
    .map((line) => boundedText(line, LINE_CHARACTERS_MAX));
}

const CONTROL_CHARACTER = /(?!\t)\p{Cc}/gu;

async function bestEffort<Result>(
  log: Log,
  repository: RepositoryName,
  otherwise: Result,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    log.warn({ err: error, repository: fullName(repository) }, 'Build log could not be read');
    return otherwise;
  }
}
