import { Service } from 'kubernetes-models/v1';
import type { OverlayInput } from '../overlay-input.ts';
import { CONTAINER_PORT, SERVICE_PORT, selectorLabels, serverObjectName } from './server-object.ts';

/** The server's Service: what the route sends requests to. */
export function serviceManifest(input: OverlayInput): Service {
  const labels = selectorLabels(input.serverId);
  return new Service({
    metadata: { name: serverObjectName(input.serverId), namespace: input.namespace, labels },
    spec: {
      selector: labels,
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: CONTAINER_PORT }],
    },
  });
}
