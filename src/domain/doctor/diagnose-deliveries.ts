import { broken, type Diagnosis, type DoctorProblem, warning } from './diagnosis.ts';

/** One attempt of GitHub to deliver a webhook. */
export interface DeliveryAttempt {
  guid: string;
  event: string;
  /** ISO 8601. */
  deliveredAt: string;
  /** 0 where there was no answer. */
  statusCode: number;
}

/** Older failures have been sent again, or are settled by the reconcile job. */
const RECENT_MS = 24 * 60 * 60_000;

/** Too long for the bot; sent again it would be answered the same. */
const SETTLED_STATUS = 413;

/** The newest attempt of each delivery decides, since failed ones are sent again. */
export function diagnoseDeliveries(attempts: readonly DeliveryAttempt[], now: Date): Diagnosis {
  const recent = attempts.filter(({ deliveredAt }) => Date.parse(deliveredAt) > now.getTime() - RECENT_MS);
  if (recent.length === 0) {
    const fix =
      'Comment `/help` in an issue of a server repository; if nothing comes, look at the App\'s "Advanced" page.';
    return { found: 'none within a day', problems: [warning('GitHub has sent no webhook within a day.', fix)] };
  }
  const last = new Map<string, DeliveryAttempt>();
  for (const attempt of recent.toSorted((left, right) => left.deliveredAt.localeCompare(right.deliveredAt))) {
    last.set(attempt.guid, attempt);
  }
  const failed = [...last.values()].filter(({ statusCode }) => !isSettled(statusCode));
  const newest = [...last.values()].at(-1);
  const isOver = newest !== undefined && isSettled(newest.statusCode);
  return {
    found: `${last.size} within a day, ${failed.length} failed`,
    problems: groupByStatus(failed).map((group) => problemOf(group, isOver)),
  };
}

function isSettled(statusCode: number): boolean {
  return (statusCode >= 200 && statusCode < 300) || statusCode === SETTLED_STATUS;
}

function groupByStatus(failed: readonly DeliveryAttempt[]): DeliveryAttempt[][] {
  return [...Map.groupBy(failed, ({ statusCode }) => statusCode).values()];
}

/** Failures before a success are history: the reconcile job has them sent again. */
function problemOf(group: readonly DeliveryAttempt[], isOver: boolean): DoctorProblem {
  const statusCode = group[0]?.statusCode ?? 0;
  const events = [...new Set(group.map(({ event }) => event))].sort().join(', ');
  const count = group.length === 1 ? '1 webhook' : `${group.length} webhooks`;
  const answer = statusCode === 0 ? 'got no answer' : `were answered ${statusCode}`;
  const problem = `${count} (${events}) ${answer}${isOver ? '; newer ones arrived' : ''}, expected 2xx.`;
  return isOver
    ? warning(problem, 'Nothing: failed ones are sent again at the next reconcile.')
    : broken(problem, cure(statusCode));
}

function cure(statusCode: number): string {
  if (statusCode === 400 || statusCode === 401 || statusCode === 403) {
    return "Set WEBHOOK_SECRET and the App's webhook secret to the same value: kubectl -n mcp-hosting edit secret mcp-hosting, then kubectl -n mcp-hosting rollout restart deployment/mcp-hosting";
  }
  if (statusCode === 404) return "Set the App's webhook address to https://<host of the bot>/api/github/webhooks.";
  if (statusCode >= 500 && statusCode !== 502 && statusCode !== 503 && statusCode !== 504) {
    return 'kubectl -n mcp-hosting logs deployment/mcp-hosting | grep "could not be recorded"';
  }
  return 'kubectl -n mcp-hosting get pods,endpointslices,httproutes,ingresses: the bot must run, and its route lead to it.';
}
