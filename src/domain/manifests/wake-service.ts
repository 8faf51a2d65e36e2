import { Service } from 'kubernetes-models/v1';
import type { OverlayInput } from '../overlay-input.ts';
import { INTERCEPTOR } from './keda.ts';
import { selectorLabels, serverObjectName } from './server-object.ts';

/** Short, since a server id may have 50 characters and a Service's name 63. */
export function wakeServiceName(serverId: string): string {
  return `${serverObjectName(serverId)}-wake`;
}

/** An Ingress reaches Services of its own namespace only: this one stands for KEDA's interceptor. */
export function wakeServiceManifest(input: OverlayInput): Service {
  return new Service({
    metadata: {
      name: wakeServiceName(input.serverId),
      namespace: input.namespace,
      labels: selectorLabels(input.serverId),
    },
    spec: {
      type: 'ExternalName',
      externalName: `${INTERCEPTOR.name}.${INTERCEPTOR.namespace}.svc.cluster.local`,
      ports: [{ name: 'http', port: INTERCEPTOR.port }],
    },
  });
}
