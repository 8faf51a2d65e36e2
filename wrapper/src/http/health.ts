import { FAILED_STARTS_UNHEALTHY } from '../limits.ts';
import type { Instances } from '../sessions/instances.ts';

type Reason = 'draining' | 'starting' | 'restarting' | 'not-answering';

export type Health =
  | { status: 'ok'; protocolVersion: string; restarts: number; sessions: number; requestsInFlight: number }
  | { status: 'unavailable'; reason: Reason; message: string };

export interface HealthOptions {
  instances: Instances;
  isDraining: () => boolean;
  timeoutMs: number;
  sessions: () => number;
}

/**
 * Whether calls would be answered now: readiness. Asks the child each time, since a process that is there but hangs is
 * not well. Nothing of the command line, the environment or the child's output is told, as anyone may ask.
 */
export async function checkReadiness(options: HealthOptions): Promise<Health> {
  const { instances, isDraining, timeoutMs } = options;
  const { supervisor } = instances.primary;
  const isAlive = supervisor.state.kind === 'ready' && !isDraining() && (await supervisor.probe(timeoutMs));
  if (isDraining()) return unavailable('draining', 'The wrapper is shutting down');
  const { state } = supervisor;
  switch (state.kind) {
    case 'starting':
      return unavailable('starting', 'The MCP server has not answered initialize yet');
    case 'restarting':
    case 'stopped':
      return unavailable('restarting', `The MCP server ${state.kind === 'stopped' ? 'was stopped' : state.exit}`);
    case 'ready':
      if (!isAlive) return unavailable('not-answering', `The MCP server did not answer within ${timeoutMs} ms`);
      return {
        status: 'ok',
        protocolVersion: state.server.protocolVersion,
        restarts: supervisor.restarts,
        sessions: options.sessions(),
        requestsInFlight: instances.callsInFlight,
      };
  }
}

/**
 * The truth about the child, and whether a restart of the container could help: liveness. A child that is being started
 * again is the wrapper's business; one that fails over and over, or hangs, is not well.
 */
export async function checkLiveness(options: HealthOptions): Promise<{ isAlive: boolean; health: Health }> {
  const health = await checkReadiness(options);
  if (health.status === 'ok' || health.reason === 'draining') return { isAlive: true, health };
  if (health.reason === 'not-answering') return { isAlive: false, health };
  return { isAlive: options.instances.primary.supervisor.failedStarts < FAILED_STARTS_UNHEALTHY, health };
}

function unavailable(reason: Reason, message: string): Health {
  return { status: 'unavailable', reason, message };
}
