import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

/** Paths of the files in git, those not committed yet included, that are there and match `pattern`; relative to the project. */
export function projectFiles(pattern: RegExp): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return list.split('\0').filter((path) => path !== '' && pattern.test(path) && existsSync(new URL(path, ROOT)));
}

/** @param path relative to the project */
export function readProjectFile(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}
