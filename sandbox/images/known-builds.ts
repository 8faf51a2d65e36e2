import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns the digest that a build of this key gave before */
export async function recallDigest(workDir: string, key: string): Promise<string | undefined> {
  const text = await readFile(join(workDir, 'known-builds', key), 'utf8').catch(() => '');
  return /^sha256:[0-9a-f]{64}\n$/.test(text) ? text.trim() : undefined;
}

export async function rememberDigest(workDir: string, key: string, digest: string): Promise<void> {
  const directory = join(workDir, 'known-builds');
  await mkdir(directory, { recursive: true });
  const partial = join(directory, `partial-${randomUUID()}`);
  await writeFile(partial, `${digest}\n`);
  await rename(partial, join(directory, key));
}
