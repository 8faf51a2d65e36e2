import { fullName } from '../repository.ts';
import type { ScaffoldOptions } from './scaffold-options.ts';
import { quotaLines, sizeQuota } from './size-quota.ts';

/** Files by their path in the repository. */
export type Files = Readonly<Record<string, string>>;

/** What the files of `kustomize/` are written for; there they are valid as they stand, but for the placeholders. */
const WRITTEN_FOR_SERVERS = 100;

/** One change of a file: `find` must be there exactly once. */
interface Edit {
  find: string;
  replace: string;
}

/**
 * The files of a deployments repository: those of `kustomize/` that the options need, placeholders filled in and values
 * changed where an option differs from the default. Comments stay. The same input gives the same bytes.
 * @param templates the files of `kustomize/`
 */
export function renderScaffold(templates: Files, options: ScaffoldOptions): Files {
  const values = placeholderValues(options);
  const edits = editsFor(options);
  const rendered: Record<string, string> = {};
  for (const path of Object.keys(templates).sort()) {
    if (!isWanted(path, options)) continue;
    const edited = (edits[path] ?? []).reduce((text, edit) => replaceOnce(path, text, edit), templates[path] ?? '');
    rendered[path] = fillIn(withoutUnwantedLines(path, edited, options), values);
  }
  return rendered;
}

const FOLDERS: Readonly<Record<string, (options: ScaffoldOptions) => boolean>> = {
  'gateway/': ({ route }) => route === 'gateway',
  'gateway/gateway-class.yaml': ({ implementation }) => implementation === 'envoy-gateway',
  'ingress/': ({ route }) => route === 'ingress',
  'keda/': ({ scaleToZero, route }) => scaleToZero && route === 'gateway',
  'monitoring/': ({ monitoring }) => monitoring,
  'platform/http-route.yaml': ({ route }) => route === 'gateway',
  'platform/ingress.yaml': ({ route }) => route === 'ingress',
  'platform/service-monitor.yaml': ({ monitoring }) => monitoring,
  '.github/CODEOWNERS': ({ codeOwners }) => codeOwners.length > 0,
};

function isWanted(path: string, options: ScaffoldOptions): boolean {
  return Object.entries(FOLDERS).every(([start, wanted]) => !path.startsWith(start) || wanted(options));
}

/** Lines that speak of files which are not there: rows of README.md, rules of CODEOWNERS. */
function withoutUnwantedLines(path: string, text: string, options: ScaffoldOptions): string {
  if (path !== 'README.md' && path !== '.github/CODEOWNERS') return text;
  const isUnwanted = (line: string) => {
    const folder = /^(?:\| `|\/)([a-z]+\/)(?:`| )/.exec(line)?.[1];
    return folder !== undefined && !isWanted(folder, options);
  };
  return text
    .split('\n')
    .filter((line) => !isUnwanted(line))
    .join('\n');
}

function placeholderValues(options: ScaffoldOptions): Readonly<Record<string, string>> {
  return {
    REPOSITORY_URL: options.repositoryUrl,
    DEPLOYMENTS_REPOSITORY: fullName(options.repository),
    DOMAIN: options.domain,
    GATEWAY_CLASS: options.gatewayClass,
    GATEWAY_NAMESPACE: options.gatewayNamespace,
    INGRESS_CLASS: options.ingressClass,
    CLUSTER_ISSUER: options.clusterIssuer,
    MONITORING_NAMESPACE: options.monitoringNamespace,
    CODE_OWNERS: options.codeOwners.join(' '),
    PLATFORM_HOST: options.platformHost,
    IMAGE: options.image,
  };
}

/** @throws Error for a placeholder that has no value: a bug */
function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z][A-Z_]*[A-Z])__/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot render the scaffold: ${whole} has no value`);
    return value;
  });
}

function replaceOnce(path: string, text: string, { find, replace }: Edit): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`Cannot render ${path}: expected exactly one ${JSON.stringify(find)}`);
  }
  return `${before}${replace}${after}`;
}

function editsFor(options: ScaffoldOptions): Readonly<Record<string, readonly Edit[]>> {
  const { proxyNamespaces, scaleToZero } = options;
  return {
    'base/network-policy.yaml': [
      proxiesEdit('gateway, envoy-gateway-system, keda', [...proxyNamespaces, ...(scaleToZero ? ['keda'] : [])]),
      monitoringEdit(options),
    ],
    'base/resource-quota.yaml': quotaEdits(options),
    'gateway/kustomization.yaml':
      options.implementation === 'envoy-gateway' ? [] : [{ find: '  - gateway-class.yaml\n', replace: '' }],
    'mcp-hosting.yml': policyEdits(options),
    'platform/kustomization.yaml': platformEdits(options),
    'platform/network-policy.yaml': [
      proxiesEdit('gateway, envoy-gateway-system', proxyNamespaces),
      monitoringEdit(options),
    ],
  };
}

function proxiesEdit(written: string, namespaces: readonly string[]): Edit {
  return { find: `values: [${written}]`, replace: `values: [${[...new Set(namespaces)].join(', ')}]` };
}

function monitoringEdit({ monitoringNamespace }: ScaffoldOptions): Edit {
  const label = 'kubernetes.io/metadata.name: ';
  return { find: `${label}monitoring\n`, replace: `${label}${monitoringNamespace}\n` };
}

function quotaEdits({ servers, route, scaleToZero }: ScaffoldOptions): Edit[] {
  const written = quotaLines(sizeQuota({ servers: WRITTEN_FOR_SERVERS, wakeServices: false }));
  const wanted = quotaLines(sizeQuota({ servers, wakeServices: route === 'ingress' && scaleToZero }));
  return [
    { find: written.formula, replace: wanted.formula },
    { find: written.hard, replace: wanted.hard },
  ];
}

/** Offers stand in the file as comments; those that are taken lose their `#`. */
function policyEdits(options: ScaffoldOptions): Edit[] {
  const { merge, route, implementation, clusterIssuer, scaleToZero, autoscale, monitoring } = options;
  const routeKeys = [
    `implementation: ${implementation}`,
    ...(route === 'gateway' ? [`clusterIssuer: ${clusterIssuer}`] : ['wildcardSecret: mcp-wildcard-tls']),
  ];
  const scaling = [...(autoscale ? ['auto: true'] : []), ...(scaleToZero ? ['toZero: true'] : [])];
  return [
    { find: '\nmerge: review\n', replace: `\nmerge: ${merge}\n` },
    {
      find: '\n# route: { implementation: envoy-gateway, clusterIssuer: letsencrypt-prod }\n',
      replace: `\nroute: { ${routeKeys.join(', ')} }\n`,
    },
    ...(scaling.length === 0
      ? []
      : [
          {
            find: '\n# scaling: { auto: true, requestMetric: true, toZero: true }\n',
            replace: `\nscaling: { ${scaling.join(', ')} }\n`,
          },
        ]),
    ...(monitoring ? [{ find: '\n# monitoring: true\n', replace: '\nmonitoring: true\n' }] : []),
  ];
}

function platformEdits(options: ScaffoldOptions): Edit[] {
  const { route, ingressClass, clusterIssuer, monitoring } = options;
  const ingress =
    route === 'gateway'
      ? []
      : [
          { find: '  - http-route.yaml\n', replace: '  - ingress.yaml\n' },
          { find: '      - ROUTE=gateway\n', replace: '      - ROUTE=ingress\n' },
          {
            find: '      - GATEWAY_NAMESPACE=__GATEWAY_NAMESPACE__\n',
            replace: `      - INGRESS_CLASS=${ingressClass}\n      - CLUSTER_ISSUER=${clusterIssuer}\n`,
          },
        ];
  const unmonitored = monitoring ? [] : [{ find: '  - service-monitor.yaml\n', replace: '' }];
  return [...ingress, ...unmonitored];
}
