import { expect, test } from '@jest/globals';
import { explainClusterMessage, shortenMessage } from '../../../src/domain/explain-cluster-message.ts';

const place = { serverId: 'hello-k3v9x2', namespace: 'mcp-servers' };

test.each([
  [
    'pods "mcp-x-" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
    'admission-denied',
    'pod rejected: RuntimeClass "gvisor" not found',
  ],
  [
    'one or more objects failed to apply, reason: admission webhook "validate.example.com" denied the request: no owner (retried 5 times).',
    'admission-denied',
    'admission webhook "validate.example.com" denied the request: no owner',
  ],
  [
    'one or more synchronization tasks are not valid: The Kubernetes API could not find keda.sh/ScaledObject for requested resource mcp-servers/mcp-x. Make sure the "ScaledObject" CRD is installed on the destination cluster. Retrying attempt #2 at 6:24PM.',
    'kind-missing',
    'The cluster does not know `keda.sh/ScaledObject`',
  ],
  [
    'one or more objects failed to apply, reason: Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": no endpoints available for service "ingress-nginx-controller-admission"',
    'sync-failed',
    'An admission webhook of the cluster does not answer',
  ],
  [
    'one or more objects failed to apply, reason: namespaces "mcp-servers" not found',
    'sync-failed',
    'Namespace `mcp-servers` is not there',
  ],
  [
    'pods "x" is forbidden: exceeded quota: mcp-servers, requested: limits.cpu=500m,limits.memory=256Mi, used: limits.cpu=65,limits.memory=33280Mi, limited: limits.cpu=65,limits.memory=33280Mi',
    'quota-exceeded',
    'ResourceQuota `mcp-servers` has no room: it is asked for limits.cpu=500m,limits.memory=256Mi, and limits.cpu=65,limits.memory=33280Mi of limits.cpu=65,limits.memory=33280Mi are used.',
  ],
])('%s', (message, code, said) => {
  expect(explainClusterMessage(message, place)).toMatchObject({ code, message: expect.stringContaining(said) });
});

test('what nobody knows is left to be shown as it is, on one line and cut', () => {
  expect(explainClusterMessage('context deadline exceeded', place)).toBeUndefined();
  expect(shortenMessage(`a\n\tb  c${'x'.repeat(5_000)}`)).toMatch(/^a b cx{494}…$/);
});
