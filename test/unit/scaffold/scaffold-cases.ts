import { renderScaffold } from '../../../src/domain/scaffold/render-scaffold.ts';
import { completeScaffoldOptions, type GivenScaffoldOptions } from '../../../src/domain/scaffold/scaffold-options.ts';
import { readScaffoldFiles } from '../../../src/scaffold-files.ts';

/** One scaffold for each thing that `mcp-hosting bootstrap` can be asked for. */
export const SCAFFOLD_CASES: Record<string, GivenScaffoldOptions> = {
  default: {},
  ingress: { route: 'ingress' },
  'another ingress': {
    route: 'ingress',
    implementation: 'other',
    ingressClass: 'traefik',
    proxyNamespaces: ['traefik'],
  },
  'another gateway': { implementation: 'other', gatewayClass: 'cilium', gatewayNamespace: 'infra' },
  'scale to zero': { scaleToZero: true },
  'scale to zero by ingress': { scaleToZero: true, route: 'ingress' },
  autoscaled: { autoscale: true, scaleToZero: true },
  unmonitored: { monitoring: false },
  'other monitoring': { monitoringNamespace: 'observability' },
  large: { servers: 1_337 },
  small: { servers: 1 },
  owned: { codeOwners: ['@acme/platform', '@kim'], merge: 'auto' },
  'own image': {
    image: `registry.example.com:5000/mcp-hosting@sha256:${'0'.repeat(64)}`,
    platformHost: 'bot.mcp.example.com',
  },
};

const repository = { owner: 'acme', name: 'mcp-server-deployments' };

export function renderCase(given: GivenScaffoldOptions): Record<string, string> {
  const place = { repository, githubWebUrl: 'https://github.com', version: '9.9.9' };
  const options = completeScaffoldOptions(place, { domain: 'mcp.example.com', ...given });
  return { ...renderScaffold(readScaffoldFiles(), options) };
}

/** Folders with a kustomization. */
export function foldersOf(files: Readonly<Record<string, string>>): string[] {
  return Object.keys(files)
    .filter((path) => path.endsWith('/kustomization.yaml'))
    .map((path) => path.replace('/kustomization.yaml', ''));
}
