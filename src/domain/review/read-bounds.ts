import { NotRenderableError } from '../not-renderable.ts';
import { BASE_KINDS, readManifests } from '../read-manifests.ts';
import { CPU_MILLIS_MAX, MEMORY_BYTES_MAX, parseCpuMillis, parseMemoryBytes } from '../resource-quantities.ts';
import type { QuotaBounds, QuotaName, ResourceBounds } from './overlay-rules.ts';

/** As `.mcp-hosting.yml` has it for `scaling.max`. */
const REPLICAS_MAX = 10;

/**
 * What a container may have: the `max` of the namespace's LimitRange, which is what the API server lets start. Where there
 * is none that can be read, what `.mcp-hosting.yml` may ask for.
 */
export function readBounds(limitRangeText: string | null): ResourceBounds {
  const max = limitRangeText === null ? {} : containerMax(limitRangeText);
  return {
    cpuMillis: parseCpuMillis(String(max.cpu)) ?? CPU_MILLIS_MAX,
    memoryBytes: parseMemoryBytes(String(max.memory)) ?? MEMORY_BYTES_MAX,
    replicas: REPLICAS_MAX,
  };
}

/** What the ResourceQuota of the namespace says under `hard`; what is not there, or cannot be read, bounds nothing. */
export function readQuota(resourceQuotaText: string | null): QuotaBounds {
  if (resourceQuotaText === null) return {};
  const hards = readSpecs<{ hard?: Record<string, unknown> }>(resourceQuotaText, 'ResourceQuota');
  const parsers: Record<QuotaName, (text: string) => number | undefined> = {
    pods: parseCount,
    'requests.cpu': parseCpuMillis,
    'requests.memory': parseMemoryBytes,
    'limits.cpu': parseCpuMillis,
    'limits.memory': parseMemoryBytes,
  };
  const bounds = Object.entries(parsers).flatMap(([name, parse]) => {
    const amounts = hards.map(({ hard }) => parse(String(hard?.[name]))).filter((amount) => amount !== undefined);
    return amounts.length === 0 ? [] : [[name, Math.min(...amounts)] as const];
  });
  return Object.fromEntries(bounds);
}

function parseCount(text: string): number | undefined {
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
}

function containerMax(text: string): { cpu?: unknown; memory?: unknown } {
  const limits = readSpecs<{ limits?: { type?: string; max?: object }[] }>(text, 'LimitRange').flatMap(
    (spec) => spec.limits ?? [],
  );
  return limits.find(({ type }) => type === 'Container')?.max ?? {};
}

function readSpecs<Spec extends object>(text: string, kind: string): Spec[] {
  try {
    return readManifests(text, `${kind}.yaml`, BASE_KINDS)
      .filter((manifest) => manifest.kind === kind)
      .map(({ spec }) => (spec ?? {}) as Spec);
  } catch (error) {
    // Safe: nothing is bounded then but by defaults, and the check of `base/` tells what is wrong with the file.
    if (error instanceof NotRenderableError) return [];
    throw error;
  }
}
