import type { MissedDeliveries } from '../../ports/github.ts';
import type { Log } from '../../ports/log.ts';
import type { GitHubClient } from './github-client.ts';
import { isFailedRequest } from './map-github-error.ts';

/** Pages of a hundred deliveries that one call looks through. */
const PAGES_MAX = 10;

/** Redeliveries of one call; the next call goes on. */
const REDELIVERIES_MAX = 50;

/** 413, too long: the same bytes would be answered the same. Other refusals end once a secret or a proxy is mended. */
const SETTLED_STATUS = 413;

interface Attempt {
  id: number;
  guid: string;
  deliveredAt: string;
  settled: boolean;
}

/** GitHub does not repeat a failed delivery by itself, and keeps them for three days. */
export function createMissedDeliveries(client: GitHubClient, log: Log): MissedDeliveries {
  return {
    async redeliverFailed(since) {
      const attempts = await readAttempts(client, since);
      let sent = 0;
      for (const attempt of failedOf(attempts).slice(0, REDELIVERIES_MAX)) {
        if (await redeliver(client, attempt, log)) sent += 1;
      }
      return sent;
    },
  };
}

/** Newest first, as GitHub lists them. */
async function readAttempts(client: GitHubClient, since: Date): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { data, headers } = await client.rest('app', 'list webhook deliveries', (octokit) =>
      octokit.apps.listWebhookDeliveries({ per_page: 100, ...(cursor === undefined ? {} : { cursor }) }),
    );
    for (const delivery of data) {
      if (Date.parse(delivery.delivered_at) < since.getTime()) return attempts;
      attempts.push({
        id: delivery.id,
        guid: delivery.guid,
        deliveredAt: delivery.delivered_at,
        settled: isSettled(delivery.status_code),
      });
    }
    cursor = nextCursor(headers.link);
    if (cursor === undefined) return attempts;
  }
  return attempts;
}

function isSettled(statusCode: number): boolean {
  return (statusCode >= 200 && statusCode < 300) || statusCode === SETTLED_STATUS;
}

function nextCursor(link: string | undefined): string | undefined {
  const next = link?.split(',').find((part) => part.includes('rel="next"'));
  const address = /<([^>]*)>/.exec(next ?? '')?.[1];
  return address === undefined ? undefined : (new URL(address).searchParams.get('cursor') ?? undefined);
}

/** The newest attempt of each delivery decides; the oldest delivery is sent first. */
function failedOf(attempts: readonly Attempt[]): Attempt[] {
  const newest = new Map<string, Attempt>();
  for (const attempt of attempts) {
    const seen = newest.get(attempt.guid);
    if (!seen || attempt.deliveredAt > seen.deliveredAt) newest.set(attempt.guid, attempt);
  }
  return [...newest.values()]
    .filter((attempt) => !attempt.settled)
    .sort((left, right) => left.deliveredAt.localeCompare(right.deliveredAt));
}

async function redeliver(client: GitHubClient, attempt: Attempt, log: Log): Promise<boolean> {
  try {
    await client.rest('app', 'redeliver a webhook', (octokit) =>
      octokit.apps.redeliverWebhookDelivery({ delivery_id: attempt.id }),
    );
    return true;
  } catch (error) {
    if (!isFailedRequest(error)) throw error;
    // GitHub no longer holds it or is sending it already; the reconcile job repairs what it would have said.
    log.warn({ delivery: attempt.guid, status: error.status }, 'Delivery could not be sent again');
    return false;
  }
}
