import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault, Faults } from '../control/faults.ts';
import { sendAnswer } from './send-answer.ts';

/**
 * Does to a request what a fault says.
 * @returns whether the request goes on; where not, it has been answered, closed, or its client has gone
 */
export async function applyFault(
  faults: Faults,
  fault: Fault,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<boolean> {
  const { action } = fault;
  switch (action.kind) {
    case 'status': {
      const { status, headers = {}, body } = action;
      const text = typeof body === 'string' ? { text: body } : { body: body ?? { message: `Fault ${fault.id}` } };
      sendAnswer(incoming, outgoing, { status, headers, ...text });
      return false;
    }
    case 'close':
      outgoing.destroy();
      return false;
    case 'hang':
      await Promise.race([sleep(action.ms), gone(outgoing)]);
      return !outgoing.destroyed;
    case 'hold':
      await faults.hold(fault, gone(outgoing));
      return !outgoing.destroyed;
  }
}

function gone(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) resolve();
    outgoing.once('close', resolve);
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
