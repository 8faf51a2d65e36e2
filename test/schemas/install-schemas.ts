import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** 420 MB are unpacked, which takes some seconds on a fast disk. */
export const INSTALL_TIMEOUT_MS = 300_000;

/** Installs GitHub's descriptions beside this file, once: only tests want them, so the project's own install does not. */
export async function installSchemas(): Promise<void> {
  const wanted = ['openapi', 'openapi-webhooks'].map((name) => `${FOLDER}node_modules/@octokit/${name}/package.json`);
  if (wanted.every((path) => existsSync(path))) return;
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, timeout: INSTALL_TIMEOUT_MS });
}
