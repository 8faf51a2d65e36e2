import type { OverlayInput } from './overlay-input.ts';
import { planScaling } from './plan-scaling.ts';
import { routeImplementation } from './route-implementation.ts';

/** What requests of one client have in common from the first on, and who sends them to one pod by it. */
export interface SessionAffinity {
  implementation: 'envoy-gateway' | 'nginx';
  by: 'authorization' | 'address';
}

/**
 * Clients of the 2025 protocol have sessions, and a session lives in one pod. Its id cannot lead there: the server makes
 * it in the answer to `initialize`, so a hash of `Mcp-Session-Id` sends the second request anywhere, and the Gateway
 * API's `sessionPersistence` needs a header or cookie of its own that MCP clients do not send back. A key is in every
 * request, also the first one; without keys there is only the client's address.
 *
 * @returns undefined for a single pod, and where nothing is known to do it
 */
export function sessionAffinity(input: OverlayInput): SessionAffinity | undefined {
  const plan = planScaling(input);
  const implementation = routeImplementation(input.route, input.policy);
  // KEDA's interceptor stands in between and chooses the pod.
  if (plan.max <= 1 || plan.kind === 'to-zero' || implementation === 'other') return undefined;
  return { implementation, by: input.config.access === 'public' ? 'address' : 'authorization' };
}
