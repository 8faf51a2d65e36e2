import { Ajv } from 'ajv';
import schema from '../../docs/server-config.schema.json' with { type: 'json' };
import { isNonPublic, isWithin, nearestCidr, parseCidr } from './cidr.ts';
import { BASIC_OFFER, type ClusterOffer, isListedDomain, isWithinDomain } from './cluster-offer.ts';
import { domainsOverlap } from './domain-claims.ts';
import { readYamlMapping, type YamlMapping } from './read-yaml-mapping.ts';
import {
  CPU_MILLIS_MAX,
  CPU_MILLIS_MIN,
  MEMORY_BYTES_MAX,
  MEMORY_BYTES_MIN,
  parseCpuMillis,
  parseMemoryBytes,
} from './resource-quantities.ts';
import { describeValue, formatPath, schemaProblems } from './schema-problems.ts';
import type { ConfigProblem, ServerConfig } from './server-config.ts';

export type ParsedServerConfig = { ok: true; config: ServerConfig } | { ok: false; problems: ConfigProblem[] };

const SERVER_CONFIG_FILE = '.mcp-hosting.yml';
/** GitHub takes 50 annotations in one request, and nobody reads more. */
export const CONFIG_PROBLEMS_MAX = 50;

/** What a server is hosted with that configures nothing (the user's design document). */
export const DEFAULT_RESOURCES: ServerConfig['resources'] = {
  requests: { cpu: '100m', memory: '128Mi' },
  limits: { cpu: '500m', memory: '256Mi' },
};

/**
 * Parses `.mcp-hosting.yml` by the published schema (`docs/server-config.schema.json`) and the rules that a schema
 * cannot say. Every problem is given at once, in the order of the lines; unknown keys are problems, never ignored.
 *
 * @param text null where the repository has no such file: every default
 * @param offer what the installation can do beyond the basics; asking for more is a problem
 */
export function parseServerConfig(text: string | null, offer: ClusterOffer = BASIC_OFFER): ParsedServerConfig {
  if (text === null) return { ok: true, config: fillIn({}, offer) };
  const mapping = readYamlMapping(text, SERVER_CONFIG_FILE);
  if (!mapping.value) return { ok: false, problems: mapping.problems };
  validateShape(mapping.value);
  const shape = schemaProblems(validateShape.errors ?? [], mapping);
  const pasted = pastedEnvValues(mapping);
  const rules = [
    ...resourceProblems(mapping),
    ...egressProblems(mapping, offer),
    ...notOfferedProblems(mapping, offer),
  ];
  // Of domains the shape comes first: whether one is offered or taken can be told of a host name alone.
  const all = [...pasted, ...rules, ...shape, ...domainProblems(mapping, offer)];
  const problems = [...mapping.problems, ...firstOfEachPath(all)];
  if (problems.length > 0) return { ok: false, problems: inOrder(problems).slice(0, CONFIG_PROBLEMS_MAX) };
  return { ok: true, config: fillIn(mapping.value as WrittenConfig, offer) };
}

const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
ajv.addFormat('cidr', (text: string) => parseCidr(text) !== undefined);
const validateShape = ajv.compile(schema);

type Quantities = Partial<Record<'cpu' | 'memory', string | number>>;
type WrittenConfig = Partial<Omit<ServerConfig, 'resources' | 'scaling'>> & {
  resources?: { requests?: Quantities; limits?: Quantities };
  scaling?: Partial<ServerConfig['scaling']>;
};

/** A repository that gives only one side of a resource gets the other moved along, so that request ≤ limit. */
function fillIn(written: WrittenConfig, { externalSecrets }: ClusterOffer): ServerConfig {
  const { resources, scaling, ...rest } = written;
  const min = scaling?.min ?? 1;
  const cpu = pairOf(resources?.requests?.cpu, resources?.limits?.cpu, 'cpu', parseCpuMillis);
  const memory = pairOf(resources?.requests?.memory, resources?.limits?.memory, 'memory', parseMemoryBytes);
  return {
    env: [],
    secrets: externalSecrets === 'default' ? 'external' : 'cluster',
    access: 'private',
    sessions: 'shared',
    ...rest,
    resources: {
      requests: { cpu: cpu.request, memory: memory.request },
      limits: { cpu: cpu.limit, memory: memory.limit },
    },
    scaling: { min, max: scaling?.max ?? Math.max(min, 1), ...requestsPerSecondOf(scaling) },
  };
}

function requestsPerSecondOf(scaling: WrittenConfig['scaling']): Pick<ServerConfig['scaling'], 'requestsPerSecond'> {
  return scaling?.requestsPerSecond === undefined ? {} : { requestsPerSecond: scaling.requestsPerSecond };
}

function pairOf(
  request: string | number | undefined,
  limit: string | number | undefined,
  name: 'cpu' | 'memory',
  parse: (text: string) => number | undefined,
): { request: string; limit: string } {
  const defaults = { request: DEFAULT_RESOURCES.requests[name], limit: DEFAULT_RESOURCES.limits[name] };
  const amount = (text: string) => parse(text) ?? 0;
  if (request !== undefined && limit !== undefined) return { request: String(request), limit: String(limit) };
  if (request !== undefined) {
    const text = String(request);
    return { request: text, limit: amount(text) > amount(defaults.limit) ? text : defaults.limit };
  }
  if (limit !== undefined) {
    const text = String(limit);
    return { request: amount(text) < amount(defaults.request) ? text : defaults.request, limit: text };
  }
  return defaults;
}

/** A value in `env` may be a secret that stands in git now: say so, and repeat nothing of it. */
function pastedEnvValues(mapping: YamlMapping): ConfigProblem[] {
  const env = mapping.value?.env;
  const entries = Array.isArray(env)
    ? env.map((entry, index) => ({ entry, path: ['env', index] }))
    : [{ entry: env, path: ['env'] }];
  return entries
    .filter(({ entry }) => (typeof entry === 'string' ? entry.includes('=') : isMapping(entry)))
    .map(({ path }) => ({
      path: formatPath(path),
      message: `Cannot use ${formatPath(path)}: it has a value, expected the name alone. Values belong in the server's Secret; if this one is secret, replace it, since it stands in git now`,
      ...mapping.locate(path, 'value'),
    }));
}

function resourceProblems(mapping: YamlMapping): ConfigProblem[] {
  return [
    ...quantityProblems(mapping, 'cpu', parseCpuMillis, {
      min: CPU_MILLIS_MIN,
      max: CPU_MILLIS_MAX,
      text: 'a CPU quantity from 10m to 4',
    }),
    ...quantityProblems(mapping, 'memory', parseMemoryBytes, {
      min: MEMORY_BYTES_MIN,
      max: MEMORY_BYTES_MAX,
      text: 'a memory quantity from 32Mi to 4Gi',
    }),
  ];
}

function quantityProblems(
  mapping: YamlMapping,
  name: 'cpu' | 'memory',
  parse: (text: string) => number | undefined,
  bounds: { min: number; max: number; text: string },
): ConfigProblem[] {
  const sides = (['requests', 'limits'] as const).flatMap((side) => {
    const path = ['resources', side, name];
    const value = valueAt(mapping.value, path);
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    return [{ side, path, value, amount: parse(String(value)) }];
  });
  const outside = sides.filter(({ amount }) => amount === undefined || amount < bounds.min || amount > bounds.max);
  if (outside.length > 0) {
    return outside.map(({ path, value }) => problemAt(mapping, path, describeValue(value), bounds.text));
  }
  const request = sides.find(({ side }) => side === 'requests');
  const limit = sides.find(({ side }) => side === 'limits');
  if (!request || !limit || (request.amount ?? 0) <= (limit.amount ?? 0)) return [];
  return [
    problemAt(mapping, request.path, `it is above the limit of ${limit.value}`, 'a request at or below its limit'),
  ];
}

function egressProblems(mapping: YamlMapping, { clusterRanges = [] }: ClusterOffer): ConfigProblem[] {
  const egress = mapping.value?.egress;
  if (!Array.isArray(egress)) return [];
  return egress.flatMap((entry: unknown, index) => {
    const text = isMapping(entry) ? entry.cidr : undefined;
    if (typeof text !== 'string') return [];
    const refuse = (state: string, expected: string) => [
      problemAt(mapping, ['egress', index, 'cidr'], state, expected),
    ];
    const meant = nearestCidr(text);
    const cidr = parseCidr(meant ?? text);
    if (cidr && isNonPublic(cidr)) return refuse('it is a private or reserved range', 'a public one');
    if (cidr && isWithin(cidr, clusterRanges)) return refuse("it lies in the cluster's own addresses", 'another one');
    return meant ? refuse(`${describeValue(text)}, which is no whole range`, `"${meant}"`) : [];
  });
}

/** What the file format knows and this installation cannot do is refused: ignoring it would surprise later. */
function notOfferedProblems(mapping: YamlMapping, offer: ClusterOffer): ConfigProblem[] {
  return [...notOfferedScaling(mapping, offer), ...notOfferedSecrets(mapping, offer)];
}

function notOfferedSecrets(mapping: YamlMapping, { externalSecrets }: ClusterOffer): ConfigProblem[] {
  if (valueAt(mapping.value, ['secrets']) !== 'external' || externalSecrets !== 'none') return [];
  const state = 'it is "external", which needs a store that the deployments policy names';
  return [problemAt(mapping, ['secrets'], state, '"cluster"')];
}

function notOfferedScaling(mapping: YamlMapping, offer: ClusterOffer): ConfigProblem[] {
  const { min, max, problem } = scalingBounds(mapping, offer);
  if (problem) return [problem];
  const isIsolated = valueAt(mapping.value, ['sessions']) === 'isolated';
  if (!isIsolated || min === undefined || max === undefined || max <= 1) return [];
  const at = valueAt(mapping.value, ['scaling', 'max']) === undefined ? ['scaling', 'min'] : ['scaling', 'max'];
  const refuse = (state: string) => [problemAt(mapping, at, `sessions are isolated, and ${state}`, '1')];
  if (min === 0) return refuse("KEDA's interceptor cannot keep a session on one replica");
  if (!offer.affinity) return refuse('the route of this installation is not known to keep a session on one replica');
  return valueAt(mapping.value, ['access']) === 'public'
    ? refuse('clients without a key cannot be told apart to keep each on one replica')
    : [];
}

/** The bounds where both are numbers, or what is wrong with them. */
function scalingBounds(
  mapping: YamlMapping,
  offer: ClusterOffer,
): { min?: number; max?: number; problem?: ConfigProblem } {
  const min = valueAt(mapping.value, ['scaling', 'min']) ?? 1;
  const max = valueAt(mapping.value, ['scaling', 'max']) ?? (min === 0 ? 1 : min);
  const autoscaling = 'which needs autoscaling, which this installation does not offer';
  if (min === 0 && !offer.scaleToZero) {
    return { problem: problemAt(mapping, ['scaling', 'min'], `it is 0, ${autoscaling}`, '1 or more') };
  }
  if (typeof min !== 'number' || typeof max !== 'number') return {};
  const at = (state: string) => problemAt(mapping, ['scaling', 'max'], state, `${Math.max(min, 1)}, the same as min`);
  if (max < min) return { problem: at('it is below min') };
  if (min > 0 && max > min && !offer.autoscaling) return { problem: at(`it is above min, ${autoscaling}`) };
  return { min, max };
}

function domainProblems(
  mapping: YamlMapping,
  { customDomains, ownDomain, takenDomains = [] }: ClusterOffer,
): ConfigProblem[] {
  const domains = mapping.value?.domains;
  if (!Array.isArray(domains)) return [];
  return domains.flatMap((domain: unknown, index) => {
    if (typeof domain !== 'string') return [];
    const refuse = (state: string, expected: string) => [problemAt(mapping, ['domains', index], state, expected)];
    if (ownDomain !== undefined && isWithinDomain(domain, ownDomain)) {
      return refuse("it lies in the platform's own domain", 'a domain of yours');
    }
    // Not whose: a server's id is part of its address, which is not everybody's to know.
    if (takenDomains.some((taken) => domainsOverlap(domain, taken)))
      return refuse('another server has it', 'one of its own');
    if (isListedDomain(domain, customDomains)) return [];
    return customDomains.length === 0
      ? refuse('this installation offers no custom domains', 'none')
      : refuse('this installation does not allow it', `one of ${customDomains.join(', ')}`);
  });
}

function problemAt(mapping: YamlMapping, path: (string | number)[], state: string, expected: string): ConfigProblem {
  const place = formatPath(path);
  return {
    path: place,
    message: `Cannot use ${place}: ${state}, expected ${expected}`,
    ...mapping.locate(path, 'value'),
  };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(root: unknown, path: string[]): unknown {
  return path.reduce((value: unknown, step) => (isMapping(value) ? value[step] : undefined), root);
}

function firstOfEachPath(problems: ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ path }) => !seen.has(path) && seen.add(path));
}

function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || (a.path < b.path ? -1 : 1));
}
