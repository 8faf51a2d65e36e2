import { INTERCEPTOR } from '../../src/domain/manifests/keda.ts';
import type { ObjectStore } from '../kubernetes/store/object-store.ts';
import { typeOf } from '../kubernetes/store/resource-type.ts';
import type { Route } from './route-table.ts';

interface InterceptorRouteSpec {
  target?: { service?: string; port?: number; portName?: string };
  rules?: { hosts?: string[] }[];
}

/**
 * Takes the place of KEDA's interceptor, which is not run here: a route that leads to it goes on to the Service that an
 * InterceptorRoute names for the host. Without one it stays as it is, and leads nowhere.
 */
export function throughInterceptor(routes: Route[], store: ObjectStore): Route[] {
  return routes.map((route) => (isInterceptor(route) || isAliased(route, store) ? targetOf(route, store) : route));
}

/** Whether a Service is the one that KEDA's HTTP add-on brings. */
export function isInterceptor({ service, namespace }: Pick<Route, 'service' | 'namespace'>): boolean {
  return service === INTERCEPTOR.name && namespace === INTERCEPTOR.namespace;
}

/** Whether it is an ExternalName for it. */
function isAliased({ service, namespace }: Route, store: ObjectStore): boolean {
  const spec = store.get(typeOf('Service'), namespace, service)?.spec as { externalName?: string } | undefined;
  return spec?.externalName?.startsWith(`${INTERCEPTOR.name}.${INTERCEPTOR.namespace}.`) === true;
}

function targetOf(route: Route, store: ObjectStore): Route {
  const found = store.list(typeOf('InterceptorRoute')).find(({ spec }) => {
    const { rules = [] } = (spec ?? {}) as InterceptorRouteSpec;
    return rules.some(({ hosts = [] }) => hosts.includes(route.host));
  });
  const { target } = (found?.spec ?? {}) as InterceptorRouteSpec;
  if (!found || !target?.service) return route;
  const namespace = found.metadata.namespace ?? '';
  return { ...route, namespace, service: target.service, port: target.port ?? target.portName ?? 80 };
}
