import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/**
 * Maps a path inside an image to the directory that holds the image. A process started from an image directory sees the
 * host's root, so only what the image itself brought is mapped; `/dev/null` and the host's tools stay what they are.
 *
 * Mapped: an absolute path that exists under `rootfs`, or one that exists nowhere but whose directory does.
 *
 * @param missing `map`: a path that exists nowhere is mapped in any case, as a command of a build may make it
 */
export function mapImagePath(rootfs: string, path: string, missing: 'keep' | 'map' = 'keep'): string {
  if (!posix.isAbsolute(path) || path.includes('\0')) return path;
  const normal = posix.normalize(path);
  if (normal === '/') return path;
  const mapped = join(rootfs, normal);
  if (isInside(rootfs, mapped)) return mapped;
  if (existsSync(normal)) return path;
  if (missing === 'map') return mapped;
  return posix.dirname(normal) !== '/' && isInside(rootfs, dirname(mapped)) ? mapped : path;
}

/** Maps the parts of a colon-separated list such as PATH; other values as `mapImagePath`. */
export function mapImageValue(rootfs: string, value: string, missing: 'keep' | 'map' = 'keep'): string {
  const list = parseStringArray(value);
  if (list) return JSON.stringify(list.map((item) => mapImagePath(rootfs, item, missing)));
  if (!value.startsWith('/')) return value;
  return value
    .split(':')
    .map((part) => mapImagePath(rootfs, part, missing))
    .join(':');
}

/** Environment such as MCP_WRAPPER_COMMAND holds an argv as a JSON array. */
function parseStringArray(value: string): string[] | undefined {
  if (!value.startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) && parsed.every((item) => typeof item === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isInside(rootfs: string, path: string): boolean {
  try {
    const root = realpathSync(rootfs);
    const real = realpathSync(path);
    return real === root || real.startsWith(`${root}/`);
  } catch {
    return false;
  }
}
