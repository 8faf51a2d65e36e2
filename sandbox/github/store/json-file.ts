import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** @returns the parsed file, or undefined when there is none. A half-written one cannot exist: see writeJson. */
export function readJson<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}

/** Replaces the file in one step (write aside, rename), readable by its owner only, since tokens may be in it. */
export function writeJson(path: string, value: unknown): void {
  const aside = `${path}.tmp`;
  writeFileSync(aside, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(aside, path);
}
