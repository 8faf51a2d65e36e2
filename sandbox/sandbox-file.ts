import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `sandbox.json`: what any Octokit, git, kubectl or psql client needs to drive the sandbox. Holds secrets: mode 0600. */
export interface SandboxFile {
  githubUrl: string;
  githubGraphqlUrl: string;
  gitUrl: string;
  userToken: string;
  appId: number;
  apiUrl: string;
  apiToken: string;
  gatewayUrl: string;
  kubeconfig: string;
  databaseUrl: string;
  /** `owner/name`. */
  deploymentsRepository: string;
}

const NAME = 'sandbox.json';

/** @returns undefined when there is none, or a half-written one. */
export async function readSandboxFile(dataDir: string): Promise<Partial<SandboxFile> | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDir, NAME), 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Written whole or not at all. */
export async function writeSandboxFile(dataDir: string, file: SandboxFile): Promise<void> {
  const path = join(dataDir, NAME);
  await writeFile(`${path}.part`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.part`, path);
}
