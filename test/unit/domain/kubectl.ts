import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';

const present = spawnSync('kubectl', ['kustomize', '--help'], { stdio: 'ignore' }).status === 0;

/** Renders with the real kustomize inside kubectl, which reads nothing but the given files. */
export function kubectlKustomize(files: Readonly<Record<string, string>>): { ok: boolean; text: string } {
  const dir = mkdtempSync(join(tmpdir(), 'overlay-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', dir], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    return status === 0 ? { ok: true, text: stdout } : { ok: false, text: stderr };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A test that needs kubectl: skipped with a name that says so where it is absent, and failed in CI, where it must be. */
export function testWithKubectl(name: string, run: () => void): void {
  if (present) test(name, run);
  else if (process.env.CI) {
    test(name, () => {
      throw new Error('Cannot compare with kustomize: kubectl is not on this machine, expected it in CI');
    });
  } else test.skip(`${name} (NOT CHECKED: kubectl is not on this machine)`, run);
}
