import { NotRenderableError } from '../not-renderable.ts';
import { BASE_KINDS, readManifests } from '../read-manifests.ts';
import { CPU_MILLIS_MAX, MEMORY_BYTES_MAX, parseCpuMillis, parseMemoryBytes } from '../resource-quantities.ts';
import type { ResourceBounds } from './overlay-rules.ts';

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

function containerMax(text: string): { cpu?: unknown; memory?: unknown } {
  try {
    const limits = readManifests(text, 'limit-range.yaml', BASE_KINDS)
      .filter(({ kind }) => kind === 'LimitRange')
      .flatMap(({ spec }) => (spec as { limits?: { type?: string; max?: object }[] } | undefined)?.limits ?? []);
    return limits.find(({ type }) => type === 'Container')?.max ?? {};
  } catch (error) {
    // Safe: the defaults hold then, and the check of `base/` tells what is wrong with the file.
    if (error instanceof NotRenderableError) return {};
    throw error;
  }
}
