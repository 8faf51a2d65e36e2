import type { KubeObject } from '../kubernetes/store/kube-object.ts';

/** One way from a host name and path to a Service. */
export interface Route {
  /** Lower case; `*.` in front matches one or more labels; empty matches every host. */
  host: string;
  path: string;
  isExact: boolean;
  namespace: string;
  service: string;
  port: number | string;
}

interface HttpRouteSpec {
  hostnames?: string[];
  rules?: {
    matches?: { path?: { type?: string; value?: string } }[];
    backendRefs?: { name: string; namespace?: string; port?: number }[];
  }[];
}

interface IngressSpec {
  rules?: {
    host?: string;
    http?: {
      paths?: {
        path?: string;
        pathType?: string;
        backend?: { service?: { name: string; port?: { number?: number; name?: string } } };
      }[];
    };
  }[];
}

/** Reads the routes of HTTPRoutes and Ingresses: hosts, paths and the first backend; filters and weights are ignored. Pure. */
export function routesOf(objects: KubeObject[]): Route[] {
  return objects.flatMap((object) => {
    if (object.kind === 'HTTPRoute')
      return httpRoutes(object.metadata.namespace ?? '', (object.spec ?? {}) as HttpRouteSpec);
    return ingressRoutes(object.metadata.namespace ?? '', (object.spec ?? {}) as IngressSpec);
  });
}

/** @returns the route of the most specific host, then the longest path; undefined when the host is unknown. Pure. */
export function findRoute(routes: Route[], host: string, path: string): Route | undefined {
  return routes
    .filter((route) => matchesHost(route.host, host.toLowerCase()) && matchesPath(route, path))
    .sort((a, b) => hostRank(b.host) - hostRank(a.host) || b.path.length - a.path.length)[0];
}

export function isKnownHost(routes: Route[], host: string): boolean {
  return routes.some((route) => matchesHost(route.host, host.toLowerCase()));
}

function httpRoutes(namespace: string, spec: HttpRouteSpec): Route[] {
  const hosts = spec.hostnames ?? [''];
  return (spec.rules ?? []).flatMap((rule) => {
    const backend = rule.backendRefs?.[0];
    if (backend === undefined) return [];
    const matches = rule.matches?.length ? rule.matches : [{}];
    return matches.flatMap(({ path }) =>
      hosts.map((host) => ({
        host: host.toLowerCase(),
        path: path?.value ?? '/',
        isExact: path?.type === 'Exact',
        namespace: backend.namespace ?? namespace,
        service: backend.name,
        port: backend.port ?? 80,
      })),
    );
  });
}

function ingressRoutes(namespace: string, spec: IngressSpec): Route[] {
  return (spec.rules ?? []).flatMap((rule) =>
    (rule.http?.paths ?? []).flatMap(({ path = '/', pathType, backend }) => {
      const service = backend?.service;
      if (service === undefined) return [];
      const port = service.port?.number ?? service.port?.name ?? 80;
      const isExact = pathType === 'Exact';
      return [{ host: (rule.host ?? '').toLowerCase(), path, isExact, namespace, service: service.name, port }];
    }),
  );
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '' || pattern === host) return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

function hostRank(pattern: string): number {
  return pattern.startsWith('*.') ? pattern.length : pattern.length * 1000;
}

function matchesPath(route: Route, path: string): boolean {
  if (route.isExact) return path === route.path;
  const prefix = route.path.replace(/\/+$/, '');
  return path === prefix || path.startsWith(`${prefix}/`);
}
