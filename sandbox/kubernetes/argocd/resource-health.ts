import type { Deployment } from '../controllers/deployment.ts';
import type { KubeObject } from '../store/kube-object.ts';
import type { Health, HealthStatus } from './application.ts';

/** From best to worst, as Argo CD orders them; an Application is as well as its worst resource. */
const order: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

export function isWorse(a: HealthStatus, b: HealthStatus): boolean {
  return order.indexOf(a) > order.indexOf(b);
}

/** The built-in checks of Argo CD for the kinds of this platform. @returns undefined for kinds without one. Pure. */
export function resourceHealth(object: KubeObject): Health | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return { status: 'Progressing', message: 'Pending deletion' };
  switch (`${object.apiVersion}/${object.kind}`) {
    case 'apps/v1/Deployment':
      return deploymentHealth(object as Deployment);
    case 'v1/Service':
      return serviceHealth(object);
    case 'networking.k8s.io/v1/Ingress':
      return ingressHealth(object);
    case 'gateway.networking.k8s.io/v1/HTTPRoute':
      return httpRouteHealth(object);
    case 'keda.sh/v1alpha1/ScaledObject':
      return scaledObjectHealth(object);
    default:
      return undefined;
  }
}

function deploymentHealth(deployment: Deployment): Health {
  const { spec, status } = deployment;
  if (spec.paused === true) return { status: 'Suspended', message: 'Deployment is paused' };
  if ((deployment.metadata.generation ?? 1) > (status?.observedGeneration ?? 0) || status === undefined) {
    return waiting('observed deployment generation less than desired generation');
  }
  const progressing = status.conditions.find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { status: 'Degraded', message: `Deployment "${deployment.metadata.name}" exceeded its progress deadline` };
  }
  const replicas = spec.replicas ?? 1;
  if (status.updatedReplicas < replicas) {
    return waiting(`${status.updatedReplicas} out of ${replicas} new replicas have been updated...`);
  }
  if (status.replicas > status.updatedReplicas) {
    return waiting(`${status.replicas - status.updatedReplicas} old replicas are pending termination...`);
  }
  if (status.availableReplicas < status.updatedReplicas) {
    return waiting(`${status.availableReplicas} of ${status.updatedReplicas} updated replicas are available...`);
  }
  return { status: 'Healthy' };
}

function waiting(what: string): Health {
  return { status: 'Progressing', message: `Waiting for rollout to finish: ${what}` };
}

function serviceHealth(service: KubeObject): Health {
  const type = (service.spec as { type?: string } | undefined)?.type;
  return { status: type === 'LoadBalancer' && !hasAddress(service) ? 'Progressing' : 'Healthy' };
}

function ingressHealth(ingress: KubeObject): Health {
  return { status: hasAddress(ingress) ? 'Healthy' : 'Progressing' };
}

function hasAddress(object: KubeObject): boolean {
  const status = object.status as { loadBalancer?: { ingress?: unknown[] } } | undefined;
  return (status?.loadBalancer?.ingress ?? []).length > 0;
}

function scaledObjectHealth(scaled: KubeObject): Health {
  const { conditions = [] } = (scaled.status ?? {}) as { conditions?: { type: string; status: string }[] };
  const holds = (type: string) => conditions.some((each) => each.type === type && each.status === 'True');
  if (!holds('Ready')) return { status: 'Progressing', message: 'Creating HorizontalPodAutoscaler Object' };
  return holds('Paused') ? { status: 'Suspended', message: 'ScaledObject is paused' } : { status: 'Healthy' };
}

interface RouteStatus {
  parents?: { conditions?: { type: string; status: string; message?: string; observedGeneration?: number }[] }[];
}

function httpRouteHealth(route: KubeObject): Health {
  const parents = (route.status as RouteStatus | undefined)?.parents ?? [];
  const conditions = parents.flatMap((parent) => parent.conditions ?? []);
  const isOld = conditions.some((each) => (each.observedGeneration ?? 0) < (route.metadata.generation ?? 1));
  if (conditions.length === 0 || isOld) return { status: 'Progressing', message: 'Waiting for HTTPRoute status' };
  const bad = conditions.find((each) => each.status === 'False' && ['Accepted', 'ResolvedRefs'].includes(each.type));
  return bad === undefined
    ? { status: 'Healthy' }
    : { status: 'Degraded', message: `Parent: ${bad.message ?? bad.type}` };
}
