/** What one server may ask for: no more than the LimitRange of the deployments repository's scaffold lets start. */
export const CPU_MILLIS_MIN = 10;
export const CPU_MILLIS_MAX = 4000;
const MEBIBYTE = 2 ** 20;
export const MEMORY_BYTES_MIN = 32 * MEBIBYTE;
export const MEMORY_BYTES_MAX = 4 * 1024 * MEBIBYTE;

/** @returns millicores of a Kubernetes CPU quantity such as `500m` or `1.5`; undefined for anything else. */
export function parseCpuMillis(text: string): number | undefined {
  const match = /^([0-9]{1,6})m$|^([0-9]{1,4}(?:\.[0-9]{1,3})?)$/.exec(text);
  if (!match) return undefined;
  return match[1] === undefined ? Math.round(Number(match[2]) * 1000) : Number(match[1]);
}

/** @returns bytes of a Kubernetes memory quantity such as `256Mi` or `1.5Gi`; undefined for anything else. */
export function parseMemoryBytes(text: string): number | undefined {
  const match = /^([0-9]{1,16}(?:\.[0-9]{1,3})?)(k|M|G|Ki|Mi|Gi)?$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (match[2] ? (UNITS[match[2]] ?? Number.NaN) : 1);
}

const UNITS: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };
