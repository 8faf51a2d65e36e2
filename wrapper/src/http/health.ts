import type { ChildSupervisor } from '../child/child-supervisor.ts';

export type Health =
  | { status: 'ok'; protocolVersion: string; restarts: number; sessions: number; requestsInFlight: number }
  | { status: 'unavailable'; reason: 'draining' | 'starting' | 'restarting' | 'not-answering'; message: string };

/**
 * Whether calls would be answered now. Asks the child each time: a process that is there but hangs is not well.
 * Nothing of the command line, the environment or the child's output is told, since anyone may ask.
 */
export async function checkHealth(options: {
  supervisor: ChildSupervisor;
  isDraining: () => boolean;
  timeoutMs: number;
  sessions: () => number;
  requestsInFlight: () => number;
}): Promise<Health> {
  const { supervisor, isDraining } = options;
  const isAlive = supervisor.state.kind === 'ready' && (await supervisor.probe(options.timeoutMs));
  if (isDraining()) {
    return { status: 'unavailable', reason: 'draining', message: 'The wrapper is shutting down' };
  }
  const { state } = supervisor;
  switch (state.kind) {
    case 'starting':
      return { status: 'unavailable', reason: 'starting', message: 'The MCP server has not answered initialize yet' };
    case 'restarting':
    case 'stopped': {
      const message = `The MCP server ${state.kind === 'stopped' ? 'was stopped' : state.exit}`;
      return { status: 'unavailable', reason: 'restarting', message };
    }
    case 'ready':
      if (!isAlive) {
        const message = `The MCP server did not answer within ${options.timeoutMs} ms`;
        return { status: 'unavailable', reason: 'not-answering', message };
      }
      return {
        status: 'ok',
        protocolVersion: state.server.protocolVersion,
        restarts: supervisor.restarts,
        sessions: options.sessions(),
        requestsInFlight: options.requestsInFlight(),
      };
  }
}
