import type { OverlayPolicy, RouteImplementation } from './deployments-policy.ts';
import type { RouteSettings } from './overlay-input.ts';

/** What carries out the routes, as far as it can be told; `other` where the policy names one of the other kind of route. */
export function routeImplementation(route: RouteSettings, policy: OverlayPolicy | undefined): RouteImplementation {
  const named = policy?.route?.implementation;
  if (route.kind === 'gateway') return named === 'envoy-gateway' ? named : 'other';
  if (named !== undefined) return named === 'nginx' ? named : 'other';
  return route.className.includes('nginx') ? 'nginx' : 'other';
}
