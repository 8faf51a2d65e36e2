import { deploymentManifest } from './manifests/deployment.ts';
import { httpRouteManifest } from './manifests/http-route.ts';
import { ingressManifest } from './manifests/ingress.ts';
import { kustomization } from './manifests/kustomization.ts';
import { networkPolicyManifest } from './manifests/network-policy.ts';
import { serviceManifest } from './manifests/service.ts';
import type { OverlayFiles, OverlayInput } from './overlay-input.ts';
import { isServerId } from './server-id.ts';
import { writeYaml } from './write-yaml.ts';

const KUSTOMIZATION_FILE = 'kustomization.yaml';
/** First line of every file of an overlay. */
export const OVERLAY_COMMENT = '# Written by mcp-hosting; the next deployment overwrites changes made here.';

/**
 * Renders `servers/<server-id>/`. The same input gives the same bytes; which files there are depends on route and
 * egress alone, never on replicas.
 *
 * @throws Error when the input is not what its types say (a bug: people's input is checked where it comes in), or a
 * manifest does not hold to its Kubernetes schema
 */
export function renderOverlay(input: OverlayInput): OverlayFiles {
  assertInput(input);
  const manifests = manifestsOf(input);
  for (const [file, manifest] of Object.entries(manifests)) validate(file, manifest);
  const documents = {
    [KUSTOMIZATION_FILE]: kustomization(input, Object.keys(manifests)),
    ...manifests,
  };
  return Object.fromEntries(
    Object.entries(documents).map(([file, document]) => [file, `${OVERLAY_COMMENT}\n${toYaml(document)}`]),
  );
}

type Manifest =
  | ReturnType<typeof deploymentManifest | typeof serviceManifest | typeof ingressManifest>
  | ReturnType<typeof httpRouteManifest | typeof networkPolicyManifest>;

function manifestsOf(input: OverlayInput): Record<string, Manifest> {
  const { route, config } = input;
  return {
    'deployment.yaml': deploymentManifest(input),
    'service.yaml': serviceManifest(input),
    ...(route.kind === 'gateway'
      ? { 'httproute.yaml': httpRouteManifest(input, route) }
      : { 'ingress.yaml': ingressManifest(input, route) }),
    ...(config.egress ? { 'networkpolicy.yaml': networkPolicyManifest(input, config.egress) } : {}),
  };
}

function validate(file: string, manifest: Manifest): void {
  try {
    manifest.validate();
  } catch (cause) {
    throw new Error(`Cannot render ${file}: it does not hold to its Kubernetes schema, expected a valid manifest`, {
      cause,
    });
  }
}

function toYaml(document: object): string {
  return writeYaml(JSON.parse(JSON.stringify(document)), 'overlay');
}

/** The last fence before git: none of these can hold anything that a name, a host or a digest may not. */
function assertInput(input: OverlayInput): void {
  const checks: [string, boolean][] = [
    ['server id', isServerId(input.serverId)],
    ['namespace', DNS_LABEL.test(input.namespace)],
    ['image', IMAGE_REPOSITORY.test(input.image)],
    ['digest', /^sha256:[0-9a-f]{64}$/.test(input.digest)],
    ['version', LABEL_VALUE.test(input.version)],
    ['replicas', Number.isInteger(input.replicas) && input.replicas >= 0 && input.replicas <= REPLICAS_MAX],
    ['host', input.host.length <= 253 && input.host.split('.').every((label) => DNS_LABEL.test(label))],
    ['environment variable', input.config.env.every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name))],
  ];
  const wrong = checks.filter(([, ok]) => !ok).map(([name]) => name);
  if (wrong.length > 0) {
    throw new Error(
      `Cannot render the overlay of ${JSON.stringify(input.serverId)}: malformed ${wrong.join(', ')}, expected checked input`,
    );
  }
}

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const IMAGE_REPOSITORY = /^[a-z0-9.-]+(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/;
/** More than `.mcp-hosting.yml` allows, so that a person's own count survives. */
const REPLICAS_MAX = 100;
