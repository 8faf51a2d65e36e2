import type { PlatformMeasures } from '../platform-measures.ts';
import { broken, type Diagnosis, type DoctorProblem, warning } from './diagnosis.ts';

/** How a database stands to this version. */
export interface DatabaseState {
  /** PostgreSQL's own: `18.4`. */
  version: string;
  /** Names of migrations that are to come. */
  pending: readonly string[];
  /** Names of those that this version does not know, or knows with another text. */
  foreign: readonly string[];
  connections: { used: number; max: number };
}

const VERSION_MIN = 14;

/** The bot's pool of one replica (DATABASE_CONNECTIONS_MAX) and some for people must fit. */
const CONNECTIONS_FREE_MIN = 20;

export function diagnoseDatabase(state: DatabaseState): Diagnosis {
  const { version, pending, foreign, connections } = state;
  const problems: DoctorProblem[] = [];
  if (Number.parseInt(version, 10) < VERSION_MIN) {
    problems.push(
      broken(`PostgreSQL is ${version}, expected ${VERSION_MIN} or newer.`, 'Upgrade the database server.'),
    );
  }
  if (pending.length > 0) {
    problems.push(
      broken(`Migrations are pending: ${pending.join(', ')}.`, 'npx mcp-hosting migrate   # with DATABASE_URL'),
    );
  }
  if (foreign.length > 0) {
    const problem = `The database holds migrations that are not this version's: ${foreign.join(', ')}.`;
    problems.push(broken(problem, 'Run the version of mcp-hosting that made them, or a newer one.'));
  }
  const free = connections.max - connections.used;
  if (free < CONNECTIONS_FREE_MIN) {
    const problem = `${connections.used} of ${connections.max} connections are in use; one more replica takes up to 15.`;
    problems.push(warning(problem, 'Raise max_connections of the server, or lower DATABASE_CONNECTIONS_MAX.'));
  }
  return { found: `PostgreSQL ${version}, ${connections.used} of ${connections.max} connections`, problems };
}

/** Workers take a job in milliseconds; one that is due for longer than this has none. */
const WAIT_SECONDS_MAX = 600;

export function diagnoseQueue(measures: PlatformMeasures): Diagnosis {
  const { jobs, waits, deliveriesFailedInDay, rolloutsFailedInHour } = measures;
  const logs = 'kubectl -n mcp-hosting logs deployment/mcp-hosting --since=1h';
  const stuck = waits
    .filter(({ seconds }) => seconds > WAIT_SECONDS_MAX)
    .map(({ queue, seconds }) =>
      broken(
        `A job of queue "${queue}" has waited for ${Math.round(seconds / 60)} minutes, expected seconds.`,
        'kubectl -n mcp-hosting rollout restart deployment/mcp-hosting',
      ),
    );
  const failed = jobs
    .filter(({ state }) => state === 'failed')
    .map(({ queue, count }) => warning(`${count} jobs of queue "${queue}" failed for good within a day.`, logs));
  const deliveries =
    deliveriesFailedInDay > 0
      ? [warning(`${deliveriesFailedInDay} webhooks could not be handled within a day.`, logs)]
      : [];
  const rollouts =
    rolloutsFailedInHour > 0
      ? [warning(`${rolloutsFailedInHour} rollouts failed within an hour.`, 'npx mcp-hosting list   # then: status ID')]
      : [];
  const waiting = jobs.filter(({ state }) => state !== 'failed').reduce((sum, { count }) => sum + count, 0);
  return {
    found: waiting === 1 ? '1 job' : `${waiting} jobs`,
    problems: [...stuck, ...failed, ...deliveries, ...rollouts],
  };
}
