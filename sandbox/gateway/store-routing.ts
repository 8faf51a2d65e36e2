import type { ObjectStore } from '../kubernetes/store/object-store.ts';
import { typeOf } from '../kubernetes/store/resource-type.ts';
import { backendsOf } from './backends.ts';
import type { Routing } from './gateway.ts';
import { throughInterceptor } from './interceptor-routes.ts';
import { type Route, routesOf } from './route-table.ts';

/** Services among them: one may stand for KEDA's interceptor. */
const ROUTING_KINDS = ['HTTPRoute', 'Ingress', 'InterceptorRoute', 'Service'];

/** Routes and pods as the sandbox's own API server keeps them; read anew only when one of them changed. */
export function createStoreRouting(store: ObjectStore): Routing & { close(): void } {
  let routes = readRoutes(store);
  const close = store.subscribe(({ resource }) => {
    if (ROUTING_KINDS.includes(resource.kind)) routes = readRoutes(store);
  });
  return { routes: () => routes, portsOf: (route) => backendsOf(store, route), close };
}

function readRoutes(store: ObjectStore): Route[] {
  const routes = routesOf([...store.list(typeOf('HTTPRoute')), ...store.list(typeOf('Ingress'))]);
  return throughInterceptor(routes, store);
}
