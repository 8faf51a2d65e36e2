import type { ApplicationFunction } from 'probot';
import type { Log } from './ports/log.ts';
import type { DeliveryLog } from './ports/stores.ts';

/** The events that some workflow acts on (`inbound/handle-delivery.ts`); others are answered and forgotten. */
export const HANDLED_EVENTS: readonly string[] = [
  'issue_comment',
  'push',
  'pull_request',
  'workflow_run',
  'repository_dispatch',
  'check_run',
  'check_suite',
  'merge_group',
];

/** Of what comes with each check run and commit, only the wish to have it again is acted on. */
const ONLY_ACTION: Readonly<Record<string, string>> = {
  check_run: 'rerequested',
  check_suite: 'rerequested',
  merge_group: 'checks_requested',
};

/**
 * The Probot app: it records a delivery, whose signature Probot has checked, and enqueues its job. Nothing else happens
 * before GitHub has its answer. What went wrong is logged; GitHub's delivery page shows one neutral sentence.
 */
export function createApp({ deliveryLog, log }: { deliveryLog: DeliveryLog; log: Log }): ApplicationFunction {
  return (app) => {
    app.onAny(async ({ id, name, payload }) => {
      if (!HANDLED_EVENTS.includes(name)) return;
      const action = 'action' in payload ? payload.action : undefined;
      if (ONLY_ACTION[name] !== undefined && action !== ONLY_ACTION[name]) return;
      try {
        const fresh = await deliveryLog.receive({
          id,
          event: name,
          payload: payload as unknown as Record<string, unknown>,
        });
        log.debug({ delivery: id, event: name, fresh }, 'Delivery received');
      } catch (error) {
        log.error({ error, delivery: id, event: name }, 'Delivery could not be recorded');
        throw new Error('The delivery could not be recorded. Send it again later.');
      }
    });
  };
}
