import { isAbsolute } from 'node:path/posix';

/** What a container runtime needs of an image, as in the OCI image configuration. */
export interface ImageConfig {
  entrypoint: string[];
  cmd: string[];
  env: Record<string, string>;
  /** Absolute path inside the image. */
  workingDir: string;
  labels: Record<string, string>;
}

/** @returns the configuration with its keys in a fixed order, so that equal ones have equal bytes. */
export function canonicalConfig(config: ImageConfig): string {
  return `${JSON.stringify({
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    env: sortedRecord(config.env),
    workingDir: config.workingDir,
    labels: sortedRecord(config.labels),
  })}\n`;
}

/** @returns undefined where the text is not an image configuration, as after a crash or a hand edit. */
export function parseImageConfig(text: string): ImageConfig | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { entrypoint, cmd, env, workingDir, labels } = value as Record<string, unknown>;
  if (!isStringArray(entrypoint) || !isStringArray(cmd) || !isStringRecord(env) || !isStringRecord(labels)) {
    return undefined;
  }
  if (typeof workingDir !== 'string' || !isAbsolute(workingDir)) return undefined;
  return { entrypoint, cmd, env, workingDir, labels };
}

function sortedRecord(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}
