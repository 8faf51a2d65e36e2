import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';

/** Compares with `test/golden/reports/<name>`; `UPDATE_GOLDEN=1` writes the file anew, to be reviewed as text. */
export function expectGolden(name: string, actual: string): void {
  const path = fileURLToPath(new URL(`../../golden/reports/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  expect(existsSync(path) ? readFileSync(path, 'utf8') : 'no golden file: run with UPDATE_GOLDEN=1').toBe(actual);
}
